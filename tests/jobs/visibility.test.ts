import { Agent, type Entity, type WireClient, waitFor } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, pausedUpload, type Studio, storageFile } from '../studio.js'

let studio: Studio
let lisa: WireClient
let max: WireClient
let emma: WireClient
let foreign: Entity
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  const { plane } = studio
  lisa = await plane.addUser('lisa@example.com', 'standard')
  max = await plane.addUser('max@example.com', 'standard')
  emma = await plane.addUser('emma@example.com', 'employee')
  await Agent.start({ plane, name: 'lisa-mac', user: lisa })
  await Agent.start({ plane, name: 'lisa-pc', user: lisa })
  foreign = await pausedUpload(studio, 'foreign.bin')
})

/** A paused job between two machines of Lisa. */
async function lisasJob(): Promise<Entity> {
  return lisa.create('transfer', {
    source: 'lisa@example.com@lisa-mac:/tmp/a',
    destination: 'lisa@example.com@lisa-pc:/tmp/b',
    status: 'paused',
  })
}

describe('a standard user', () => {
  test('sees only jobs that are theirs to see', async () => {
    const own = await lisasJob()
    expect((await lisa.find('transfer')).map((job) => job.id)).toEqual([own.id])
    expect(await lisa.get('transfer', foreign.id)).toBeUndefined()
    expect(await max.get('transfer', own.id)).toBeUndefined()
    expect(await max.find('transfer')).toEqual([])
    expect(await max.tasks(own.id)).toEqual([])
    await studio.admin.remove('transfer', own.id)
  })

  test('sees a job of an admin to them', async () => {
    const source = await storageFile(studio, 'for lisa.bin')
    const job = await studio.admin.create('transfer', {
      source,
      destination: 'lisa@example.com',
      status: 'paused',
    })
    expect((await lisa.find('transfer')).map((one) => one.id)).toContain(job.id)
    expect(await max.find('transfer')).toEqual([])
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['edit', (id) => lisa.edit('transfer', id, { status: 'aborted' })],
    ['delete', (id) => lisa.remove('transfer', id)],
    ['add tasks to', (id) => lisa.addTasks(id, { tasks: { source: '/a', destination: '/b' } })],
    ['read the log of', (id) => lisa.log(id)],
  ])('cannot %s a job that is not theirs', async (_, attempt) => {
    await expect(attempt(foreign.id)).rejects.toMatchObject({ answer: { status: 404 } })
    expect(await studio.admin.get('transfer', foreign.id)).toMatchObject({ status: 'paused' })
  })

  test('cannot use storage that was not shared, nor machines of others', async () => {
    for (const data of [
      { source: 'volume=storage/for lisa.bin', destination: 'lisa@example.com@lisa-mac:/tmp/x' },
      { source: 'lisa@example.com@lisa-mac:/etc/hosts', destination: 'volume=storage/x' },
      { source: studio.desk.at('/etc/hosts'), destination: 'lisa@example.com@lisa-mac:/tmp/x' },
    ]) {
      await expect(lisa.create('transfer', data)).rejects.toThrow(/./)
    }
  })

  test('sees no queues, volumes, sites and no users but themselves', async () => {
    // Refused or empty, both tell nothing.
    for (const type of ['queue', 'volume', 'site']) expect(await lisa.find(type).catch(() => [])).toEqual([])
    expect((await lisa.find('user')).map((user) => user.code)).toEqual(['lisa@example.com'])
    expect((await lisa.find('client')).map((client) => client.code).sort()).toEqual(['lisa-mac', 'lisa-pc'])
  })

  test('cannot make users or raise themselves', async () => {
    const { id } = await lisa.login()
    await expect(lisa.create('user', { code: 'friend@example.com', role: 'admin' })).rejects.toThrow(/./)
    await expect(lisa.edit('user', String(id), { role: 'admin' })).rejects.toThrow(/./)
    expect(await lisa.login()).toMatchObject({ role: 'standard' })
  })
})

describe('an employee', () => {
  test('reads and changes jobs, but makes no admins and changes no queues', async () => {
    expect((await emma.find('transfer')).map((job) => job.id)).toContain(foreign.id)
    expect(await emma.edit('transfer', foreign.id, { name: 'by emma' })).toMatchObject({ name: 'by emma' })
    await expect(emma.create('user', { code: 'boss@example.com', role: 'admin' })).rejects.toThrow(/./)
    const [queue] = await emma.find('queue', 'code=low')
    await expect(emma.edit('queue', String(queue?.id), { priority: 1000 })).rejects.toThrow(/./)
  })

  test('may not name paths of a machine that is not theirs', async () => {
    await expect(
      emma.create('transfer', { source: studio.desk.at('/etc/hosts'), destination: 'volume=storage/x' }),
    ).rejects.toThrow(/./)
  })
})

test('a user that is disabled holds up the jobs, and enabling lets them go on', async () => {
  const job = await lisasJob()
  const { id } = await lisa.login()
  await studio.admin.edit('user', String(id), { status: 'disabled' })
  await studio.admin.edit('transfer', job.id, { status: 'waiting' })
  const waiting = await waitFor(
    async () => {
      const seen = await studio.admin.get('transfer', job.id)
      return seen?.status_code === 'E#J051' ? seen : undefined
    },
    { what: 'the reason that the user is disabled' },
  )
  expect(waiting).toMatchObject({ status: 'waiting' })
  await studio.admin.edit('user', String(id), { status: 'enabled' })
  await waitFor(async () => (await studio.admin.get('transfer', job.id))?.status_code !== 'E#J051', {
    what: 'the job to go on',
  })
})
