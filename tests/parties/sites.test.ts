import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@waybill/server'
import { Agent, hashOf, makeFile, tempDirectory, transferred, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
let stockholm: Agent
let film: string
/** The directory of the volume `film` at the main site, and in Stockholm. */
const here = tempDirectory('film')
const there = tempDirectory('film-stockholm')

cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  const { admin, plane } = studio
  stockholm = await Agent.start({ plane, name: 'stockholm-1', type: 'server' })
  const server = await stockholm.online()
  const site = await admin.create('site', { code: 'stockholm' })
  await admin.result('PUT', 'client/edit', { id: server, data: { site: site.id } })
  const [main] = await admin.find('server', 'site=hq')
  const made = await admin.create('volume', { code: 'film', path: here, server: main?.id })
  film = made.id
  await admin.result('PUT', 'share/server', { id: film, data: { client: server } })
  await moveOnDisk(server)
})

/** The two sites are one machine here, where a volume has one path: what differs is written by hand. */
async function moveOnDisk(server: string): Promise<void> {
  const store = await openStore({ data: studio.plane.data })
  try {
    const rows = store.installation.updateTable('share_server')
    await rows.set({ path: there }).where('client', '=', server).where('share', '=', film).execute()
  } finally {
    await store.close()
  }
}

async function filmFile(root: string, name: string): Promise<string> {
  const path = join(root, name)
  await mkdir(join(path, '..'), { recursive: true })
  await makeFile(path, 50_000, name.length)
  return path
}

describe('a volume that is served at two sites', () => {
  test('is mirrored from one to the other, and added to', async () => {
    const { admin } = studio
    const first = await filmFile(here, 'shots/a.exr')
    const second = await filmFile(here, 'shots/b.exr')
    const job = await transferred(admin, { source: 'volume=film/shots/a.exr', destination: 'site=stockholm' })
    expect(await hashOf(join(there, 'shots/a.exr'))).toBe(await hashOf(first))
    const answer = await admin.event('POST', 'task/create', {
      id: job.id,
      data: { tasks: ['volume=film/shots/b.exr'] },
    })
    expect(answer.body).toEqual({ success: true })
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(join(there, 'shots/b.exr'))).toBe(await hashOf(second))
    const [task] = await admin.tasks(job.id)
    expect(task?.destination).toMatchObject({
      v: film,
      path: 'shots/a.exr',
      path_abs_final: join(there, 'shots/a.exr'),
    })
  })

  test('goes the other way, with a name of its own', async () => {
    const path = await filmFile(there, 'rushes/c.exr')
    await transferred(studio.admin, {
      source: 'site=stockholm:volume=film/rushes/c.exr',
      destination: 'hq:volume=film/from_stockholm/',
    })
    expect(await hashOf(join(here, 'from_stockholm/c.exr'))).toBe(await hashOf(path))
  })

  test('sends frames that are there, and says which are not until they are', async () => {
    const { admin } = studio
    for (const frame of [100, 101, 104, 107]) await filmFile(here, `seq/m.0${frame}.exr`)
    const job = await admin.create('transfer', {
      source: 'volume=film/seq/m.%04d.exr[100-107]',
      destination: 'site=stockholm',
    })
    const failed = await waitForStatus(admin, job.id, 'failed')
    expect(failed.status_code).toBe('E#J001')
    expect(failed.status_hr).toMatch(/102-103, ?105-106/)
    expect(await hashOf(join(there, 'seq/m.0107.exr'))).toBe(await hashOf(join(here, 'seq/m.0107.exr')))
    for (const frame of [102, 103, 105, 106]) await filmFile(here, `seq/m.0${frame}.exr`)
    await admin.result('PUT', 'transfer/edit', { id: job.id, data: { status: 'waiting' } })
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(join(there, 'seq/m.0105.exr'))).toBe(await hashOf(join(here, 'seq/m.0105.exr')))
  })
})

test('one server copies from volume to volume, and within one', async () => {
  const { admin, storage } = studio
  const source = await storageFile(studio, 'copies/a.mov', 3_000_000)
  await transferred(admin, { source, destination: 'volume=film/copies/' })
  await transferred(admin, { source, destination: 'volume=storage/copies/b.mov' })
  const original = await hashOf(join(storage, 'copies/a.mov'))
  expect(await hashOf(join(here, 'copies/a.mov'))).toBe(original)
  expect(await hashOf(join(storage, 'copies/b.mov'))).toBe(original)
})

test('a job that waits follows its volume to another server', async () => {
  const { admin, plane, desk } = studio
  const path = await filmFile(here, 'moved/a.mov')
  await stockholm.stop()
  const job = await admin.create('transfer', {
    source: 'site=stockholm:volume=film/moved/a.mov',
    destination: desk.at(join(studio.local, 'moved.mov')),
  })
  const waiting = await waitForStatus(admin, job.id, 'waiting')
  expect(waiting.status_hr).toContain('stockholm-1')
  const second = await Agent.start({ plane, name: 'stockholm-2', type: 'server' })
  const [site] = await admin.find('site', 'code=stockholm')
  await admin.result('PUT', 'client/edit', { id: await second.online(), data: { site: site?.id } })
  await admin.result('PUT', 'share/server', { id: film, data: { client: await second.online() } })
  await waitForStatus(admin, job.id, 'done')
  expect(await hashOf(join(studio.local, 'moved.mov'))).toBe(await hashOf(path))
})
