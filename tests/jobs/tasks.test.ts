import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type Entity, entities, resultOf, waitForStatus, waitUntilMidway } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUpAfterwards,
  deskFile,
  openStudio,
  pausedUpload,
  type Studio,
  slow,
  slowUpload,
  storageFile,
} from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

/** A finished upload of one file. */
async function finished(
  name: string,
): Promise<{ job: Entity; task: { source: string; destination: string } }> {
  const path = await deskFile(studio, name)
  const task = { source: studio.desk.at(path), destination: `volume=storage/tasks/${name}` }
  const job = await studio.admin.create('transfer', task)
  await waitForStatus(studio.admin, job.id, 'done')
  return { job, task }
}

async function another(name: string): Promise<{ source: string; destination: string }> {
  return { source: studio.desk.at(await deskFile(studio, name)), destination: `volume=storage/tasks/${name}` }
}

describe('adding tasks', () => {
  test('to a finished job revives it: it shows waiting, then is done again', async () => {
    const { admin } = studio
    const { job } = await finished('first.bin')
    const answer = await admin.addTasks(job.id, { tasks: await another('second.bin') })
    expect(entities(resultOf(answer))).toMatchObject([
      { uri: '1', job: job.id, size: expect.any(Number) as number },
    ])
    expect(await admin.find('transfer', `id=${job.id}`)).toMatchObject([{ status: 'waiting' }])
    await waitForStatus(admin, job.id, 'done')
    expect(await admin.tasks(job.id)).toMatchObject([{ status: 'done' }, { status: 'done' }])
    expect(existsSync(`${studio.storage}/tasks/second.bin`)).toBe(true)
  })

  test('one by one to a finished job is one more run', async () => {
    const { admin } = studio
    const { job } = await finished('burst.bin')
    for (const name of ['b1', 'b2', 'b3', 'b4']) {
      await admin.addTasks(job.id, { tasks: await another(name) })
      expect((await admin.get('transfer', job.id))?.status).not.toBe('init')
    }
    await waitForStatus(admin, job.id, 'done')
    expect(await admin.tasks(job.id, 'status=done')).toHaveLength(5)
  })

  test('as a list answers with the list; without a destination they are refused', async () => {
    const { admin, desk } = studio
    const { job } = await finished('list.bin')
    const list = await admin.addTasks(job.id, { tasks: [await another('l1'), await another('l2')] })
    expect(entities(resultOf(list)).map((task) => task.uri)).toEqual(['1', '2'])
    await waitForStatus(admin, job.id, 'done')
    const bare = await deskFile(studio, 'bare.bin')
    // Only jobs that mirror paths take tasks without a destination.
    await expect(admin.addTasks(job.id, { tasks: [desk.at(bare)] })).rejects.toThrow(/destination|mirror/i)
    await expect(admin.addTasks(job.id, { tasks: [{ source: desk.at(bare) }] })).rejects.toThrow(
      /destination|mirror/i,
    )
  })

  test('as bare paths answers with success alone, on a job that mirrors paths', async () => {
    const { admin, desk, storage } = studio
    const paths = await Promise.all(['mirror/a.mov', 'mirror/b.mov'].map((name) => storageFile(studio, name)))
    expect(paths).toHaveLength(2)
    const job = await admin.create('transfer', {
      tasks: [desk.at(`${storage}/mirror/a.mov`)],
      destination: 'hq',
      status: 'paused',
    })
    const answer = await admin.addTasks(job.id, { tasks: [desk.at(`${storage}/mirror/b.mov`)] })
    expect(answer.body).toEqual({ success: true })
    expect(await admin.tasks(job.id)).toMatchObject([
      { destination: { path: 'mirror/a.mov' } },
      { destination: { path: 'mirror/b.mov' } },
    ])
  })

  test('to a running job does not disturb the one that is executing', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'undisturbed.bin')
    await waitUntilMidway(admin, job.id)
    const [before] = await admin.tasks(job.id)
    await admin.addTasks(job.id, { tasks: await another('meanwhile.bin') })
    const [executing] = await admin.tasks(job.id)
    expect(executing).toMatchObject({ status: 'executing', tries: before?.tries })
    await waitForStatus(admin, job.id, 'done')
    const [after] = await admin.tasks(job.id)
    expect(after?.tries).toBe(before?.tries)
    expect(existsSync(`${studio.storage}/tasks/meanwhile.bin`)).toBe(true)
  })

  test('to a paused job leaves it paused', async () => {
    const { admin } = studio
    const job = await pausedUpload(studio, 'stays paused.bin')
    await admin.addTasks(job.id, { tasks: await another('p1') })
    expect(await admin.get('transfer', job.id)).toMatchObject({ status: 'paused' })
  })

  test('that are there already retries them, and they are not there twice', async () => {
    const { admin } = studio
    const { job, task } = await finished('twice.bin')
    const again = entities(resultOf(await admin.addTasks(job.id, { tasks: task })))
    expect(again).toMatchObject([{ uri: '0', status: 'queued' }])
    await waitForStatus(admin, job.id, 'done')
    expect(await admin.tasks(job.id)).toHaveLength(1)
  })

  test('that are there already is refused with allow_duplicates false, in every form, and adds none', async () => {
    const { admin } = studio
    const { job, task } = await finished('refused.bin')
    const fresh = await another('fresh.bin')
    for (const tasks of [task, [task], [fresh, task], { a: fresh, b: task }])
      await expect(admin.addTasks(job.id, { tasks, allow_duplicates: false })).rejects.toThrow(
        /exist|duplicate|already/i,
      )
    expect(await admin.tasks(job.id)).toHaveLength(1)
    expect(await admin.get('transfer', job.id)).toMatchObject({ status: 'done' })
  })

  test.each<[string, (job: Entity) => Promise<unknown>]>([
    [
      'from another party',
      async (job) =>
        studio.admin.addTasks(job.id, {
          tasks: { source: 'volume=storage/a', destination: studio.desk.at('/tmp/a') },
        }),
    ],
    [
      'with an unknown attribute',
      async (job) => studio.admin.addTasks(job.id, { tasks: { ...(await another('u')), size: 5 } }),
    ],
    ['that are none', (job) => studio.admin.addTasks(job.id, { tasks: [] })],
    ['that are numbers', (job) => studio.admin.addTasks(job.id, { tasks: [1, 2] })],
    ['without tasks', (job) => studio.admin.addTasks(job.id, {})],
    ['to no job', () => studio.admin.addTasks('0123456789abcdef01234567', { tasks: ['/a'] })],
  ])('%s is refused', async (_, add) => {
    const job = await pausedUpload(studio, 'unchanged.bin')
    await expect(add(job)).rejects.toMatchObject({
      answer: { status: expect.toSatisfy((status) => status >= 400 && status < 500) as number },
    })
    expect(await studio.admin.tasks(job.id)).toHaveLength(1)
  })
})

describe('changing tasks', () => {
  test('goes in groups, by id and by uri, and answers with them in order', async () => {
    const { admin } = studio
    const job = await pausedUpload(studio, 'group.bin')
    await admin.addTasks(job.id, { tasks: [await another('g1'), await another('g2')] })
    const [first, second, third] = await admin.tasks(job.id)
    const changed = await admin.editTasks(job.id, [
      { uri: '2', priority: 900, metadata: { note: 'x' } },
      { id: first?.id, status: 'onhold' },
    ])
    expect(changed).toMatchObject([
      { id: third?.id, priority: 900, metadata: { note: 'x' } },
      { id: first?.id, status: 'onhold' },
    ])
    expect(await admin.tasks(job.id, 'status=onhold')).toMatchObject([{ id: first?.id }])
    expect(await admin.tasks(job.id, 'status=queued')).toMatchObject([{ id: second?.id }, { id: third?.id }])
  })

  test.each(['queued', 'onhold', 'excluded', 'done', 'failed'])(
    'status %s can be written',
    async (status) => {
      const job = await pausedUpload(studio, 'writable.bin')
      expect(await studio.admin.editTasks(job.id, [{ uri: '0', status }])).toMatchObject([{ status }])
    },
  )

  test.each(['pending', 'booting', 'executing', 'running', '', 3])('status %s cannot', async (status) => {
    const job = await pausedUpload(studio, 'unwritable.bin')
    await expect(studio.admin.editTasks(job.id, [{ uri: '0', status }])).rejects.toThrow(/status/)
    expect(await studio.admin.tasks(job.id)).toMatchObject([{ status: 'queued' }])
  })

  test.each(['source', 'destination', 'size', 'job', 'uri_new'])('%s cannot', async (name) => {
    const job = await pausedUpload(studio, 'fixed.bin')
    await expect(studio.admin.editTasks(job.id, [{ uri: '0', [name]: 'x' }])).rejects.toThrow(name)
  })

  test('is all or nothing', async () => {
    const job = await pausedUpload(studio, 'atomic.bin')
    for (const bad of [{ uri: '99' }, { id: randomUUID() }, { id: 'xyz' }, {}])
      await expect(
        studio.admin.editTasks(job.id, [
          { uri: '0', status: 'onhold' },
          { ...bad, status: 'onhold' },
        ]),
      ).rejects.toThrow(/./)
    expect(await studio.admin.tasks(job.id)).toMatchObject([{ status: 'queued' }])
  })

  test('an executing task put on hold stops, the rest goes on, and the job pauses', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'held.bin')
    await waitUntilMidway(admin, job.id)
    await admin.addTasks(job.id, { tasks: await another('rest.bin') })
    await admin.editTasks(job.id, [{ uri: '0', status: 'onhold' }])
    await waitForStatus(admin, job.id, 'paused')
    expect(await admin.tasks(job.id)).toMatchObject([{ status: 'onhold' }, { status: 'done' }])
    expect(existsSync(`${studio.storage}/slow/held.bin`)).toBe(false)
    await admin.editTasks(job.id, [{ uri: '0', status: 'queued' }])
    await waitForStatus(admin, job.id, 'done')
  })

  test('excluding what is left finishes the job', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'excluded.bin')
    await waitUntilMidway(admin, job.id)
    await admin.editTasks(job.id, [{ uri: '0', status: 'excluded' }])
    await waitForStatus(admin, job.id, 'done')
    expect(existsSync(`${studio.storage}/slow/excluded.bin`)).toBe(false)
  })

  test('the one with the higher priority goes first', async () => {
    const { admin, desk } = studio
    const names = ['low', 'high']
    const tasks = await Promise.all(
      names.map(async (name) => ({
        source: desk.at(await deskFile(studio, `prio/${name}`, 6_000_000)),
        destination: `volume=storage/prio/${name}`,
        priority: name === 'high' ? 1000 : 1,
      })),
    )
    const job = await admin.create('transfer', { tasks, settings: { ...slow, task_bucketsize: '1' } })
    await waitForStatus(admin, job.id, 'done')
    const [low, high] = await admin.tasks(job.id)
    expect(Date.parse(String(high?.finished))).toBeLessThanOrEqual(Date.parse(String(low?.finished)))
  })
})

describe('deleting a task', () => {
  test('is refused, in words that say what to do instead', async () => {
    const job = await pausedUpload(studio, 'kept.bin')
    const [task] = await studio.admin.tasks(job.id)
    await expect(studio.admin.remove('task', String(task?.id))).rejects.toThrow(/exclude/i)
    expect(await studio.admin.tasks(job.id)).toHaveLength(1)
  })
})
