import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Agent,
  hashOf,
  makeFile,
  tempDirectory,
  transferred,
  type WireClient,
  waitForStatus,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
/** A vendor: a standard user with a folder and a home, and a machine of his own. */
let tom: WireClient
let desk: Agent
let key: string
const local = tempDirectory('vendor')
const mapped = join(local, 'trailers')
const email = 'tom@vendor.example.com'

cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  const { admin, plane } = studio
  await mkdir(mapped)
  await mkdir(join(studio.storage, 'film/trailers'), { recursive: true })
  const folder = await admin.create('folder', { code: 'trailers', path: 'film/trailers' })
  await admin.create('user', { code: email, role: 'standard', create_home_share: true })
  await admin.result('POST', 'acl/create', {
    data: { entity: `user:${email}`, target: `share:${folder.id}`, read: true, write: true },
  })
  key = await plane.createKey(email)
  tom = plane.as(email, key)
  desk = await Agent.start({ plane, name: 'vendor-1', user: tom })
})

async function vendorFile(name: string): Promise<string> {
  const path = join(local, name)
  await mkdir(join(path, '..'), { recursive: true })
  await makeFile(path, 40_000, name.length)
  return path
}

const refusal = async (client: WireClient, data: Record<string, unknown>): Promise<unknown> => {
  const answer = await client.event('POST', 'transfer/create', { data })
  expect(answer.status).toBeLessThan(500)
  return answer.body.message
}

const tomsCommand = (...args: string[]) => studio.plane.command(args, { user: email, apiKey: key })

describe('a vendor', () => {
  test('fetches from his folder and sends to it', async () => {
    await storageFile(studio, 'film/trailers/cut.mov')
    const down = await transferred(tom, { source: 'folder=trailers/cut.mov', destination: `${local}/in/` })
    expect(await hashOf(join(local, 'in/cut.mov'))).toBe(
      await hashOf(join(studio.storage, 'film/trailers/cut.mov')),
    )
    const [task] = await tom.tasks(down.id)
    expect(task?.source).toMatchObject({
      path: 'cut.mov',
      s: expect.any(String) as string,
      path_abs_final: join(studio.storage, 'film/trailers/cut.mov'),
    })
    const log = await tom.result('GET', 'transfer/report', { id: down.id })
    expect(JSON.stringify(log)).toMatch(/vendor-1 connected to the server/)
    const path = await vendorFile('notes.txt')
    await transferred(tom, { source: path, destination: 'share=trailers/notes/' })
    expect(await hashOf(join(studio.storage, 'film/trailers/notes/notes.txt'))).toBe(await hashOf(path))
  })

  test('has a home', async () => {
    const path = await vendorFile('reel.mov')
    const up = await transferred(tom, { source: path, destination: '~/reels/' })
    const [task] = await tom.tasks(up.id)
    expect(task?.destination).toMatchObject({ path: 'reels/reel.mov' })
    await transferred(tom, { source: '~/reels/reel.mov', destination: `${local}/back.mov` })
    expect(await hashOf(join(local, 'back.mov'))).toBe(await hashOf(path))
  })

  test('gets nowhere else, and is told no names', async () => {
    await storageFile(studio, 'secret/plan.txt')
    const gone = await refusal(tom, { source: 'volume=storage/nothing/here', destination: `${local}/x` })
    expect(gone).toBe('There is no "volume=storage/nothing/here" that you may read')
    const words = await refusal(tom, { source: 'volume=storage/secret/plan.txt', destination: `${local}/x` })
    expect(words).toBe('There is no "volume=storage/secret/plan.txt" that you may read')
    // A link that somebody made on the storage does not lead out of the folder either.
    await symlink(join(studio.storage, 'secret'), join(studio.storage, 'film/trailers/way-out'))
    for (const source of [
      'folder=trailers/way-out/plan.txt',
      'volume=storage/film/trailers/way-out/plan.txt',
    ]) {
      const job = await tom.create('transfer', { source, destination: `${local}/x` })
      const failed = await waitForStatus(tom, job.id, 'failed')
      expect(failed.status_hr).toMatch(/leads out of its share/)
    }
  })
})

describe('files that were sent without a place', () => {
  test('wait until he chooses one', async () => {
    const { admin } = studio
    const a = await storageFile(studio, 'sent/a.mov', 2000)
    const b = await storageFile(studio, 'sent/b.mov', 3000)
    const job = await admin.create('transfer', { tasks: [a, b], destination: email, name: 'For Tom' })
    const waiting = await waitForStatus(admin, job.id, 'waiting')
    expect(waiting).toMatchObject({
      status_code: 'W#J054',
      status_hr: expect.stringContaining(email) as string,
    })
    expect((await admin.tasks(job.id)).map(({ status }) => status)).toEqual(['pending', 'pending'])
    const other = await admin.event('PUT', 'transfer/receive', { id: job.id, data: { path: '/tmp' } })
    expect(other.status).toBe(403)

    const shown = await tomsCommand('receive')
    expect(shown.stdout).toContain('For Tom')
    const chosen = await tomsCommand('receive', join(local, 'received'), '--agent', 'vendor-1', '--follow')
    expect(chosen).toMatchObject({ code: 0, stderr: expect.any(String) as string })
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(join(local, 'received/a.mov'))).toBe(await hashOf(join(studio.storage, 'sent/a.mov')))
    expect(await hashOf(join(local, 'received/b.mov'))).toBe(await hashOf(join(studio.storage, 'sent/b.mov')))
    const again = await tom.event('PUT', 'transfer/receive', {
      id: job.id,
      data: { path: join(local, 'received') },
    })
    expect(again.status).toBe(200)
    expect((await tomsCommand('receive')).stdout).toContain('Nothing found')
  })
})

describe('a share that he mapped', () => {
  test('is pushed to and pulled from as far as he allows', async () => {
    const { admin } = studio
    await storageFile(studio, 'film/trailers/v2/cut.mov')
    const push = { source: 'folder=trailers/v2/cut.mov', destination: `${email}:folder=trailers/in/` }
    expect(await refusal(admin, push)).toMatch(/mapped on no machine of tom@vendor/)

    const missing = await tomsCommand(
      'map',
      'add',
      'folder=trailers',
      join(local, 'nowhere'),
      '--agent',
      'vendor-1',
    )
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/does not exist/) as string })
    const added = await tomsCommand('map', 'add', 'folder=trailers', mapped, '--write', '--agent', 'vendor-1')
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect((await studio.plane.command(['map', 'list'])).stdout).toContain(mapped)

    await transferred(admin, push)
    const original = await hashOf(join(studio.storage, 'film/trailers/v2/cut.mov'))
    expect(await hashOf(join(mapped, 'in/cut.mov'))).toBe(original)
    const mirrored = await transferred(admin, {
      source: 'volume=storage/film/trailers/v2',
      destination: email,
    })
    expect(await hashOf(join(mapped, 'v2/cut.mov'))).toBe(original)
    const [task] = await admin.tasks(mirrored.id)
    expect(task?.destination).toMatchObject({ path_abs_final: join(mapped, 'v2') })

    await vendorFile('trailers/out/mine.mov')
    const pull = {
      source: `${email}@vendor-1:folder=trailers/out/mine.mov`,
      destination: 'volume=storage/pulled/',
    }
    expect(await refusal(admin, pull)).toMatch(/pulled from/)
    await tomsCommand('map', 'add', 'folder=trailers', mapped, '--write', '--read', '--agent', 'vendor-1')
    await transferred(admin, pull)
    expect(await hashOf(join(studio.storage, 'pulled/mine.mov'))).toBe(
      await hashOf(join(mapped, 'out/mine.mov')),
    )

    // Neither a link nor a path of the machine leads further.
    await symlink(local, join(mapped, 'link'))
    const sly = await admin.create('transfer', {
      source: `${email}@vendor-1:folder=trailers/link/notes.txt`,
      destination: 'volume=storage/pulled/',
    })
    expect((await waitForStatus(admin, sly.id, 'failed')).status_hr).toMatch(/leads out of its share/)
    const direct = { source: `${email}@vendor-1:${local}/notes.txt`, destination: 'volume=storage/pulled/' }
    expect(await refusal(admin, direct)).toMatch(/^Only tom@vendor.example.com may name paths/)
  })

  test('is his again when he takes it back, also from a job that waits', async () => {
    const { admin } = studio
    await storageFile(studio, 'film/trailers/v3/cut.mov')
    const job = await admin.create('transfer', {
      source: 'folder=trailers/v3/cut.mov',
      destination: email,
      status: 'paused',
    })
    expect(await tomsCommand('map', 'remove', 'folder=trailers', '--agent', 'vendor-1')).toMatchObject({
      code: 0,
    })
    await admin.result('PUT', 'transfer/edit', { id: job.id, data: { status: 'waiting' } })
    const failed = await waitForStatus(admin, job.id, 'failed')
    expect(failed.status_hr).toMatch(/no longer mapped/)
    expect(desk.name).toBe('vendor-1')
  })
})

test('a collection is fetched file by file', async () => {
  const { admin } = studio
  await storageFile(studio, 'film/one.mov', 1200)
  await storageFile(studio, 'film/stills/two.jpg', 1300)
  await admin.create('collection', {
    code: 'best',
    name: 'best',
    files: ['volume=storage/film/one.mov', 'volume=storage/film/stills'],
  })
  const job = await transferred(admin, {
    source: 'collection=best',
    destination: studio.desk.at(`${studio.local}/fetched/`),
  })
  expect(await admin.tasks(job.id)).toHaveLength(2)
  expect(await hashOf(join(studio.local, 'fetched/best/one.mov'))).toBe(
    await hashOf(join(studio.storage, 'film/one.mov')),
  )
  expect(await hashOf(join(studio.local, 'fetched/best/stills/two.jpg'))).toBe(
    await hashOf(join(studio.storage, 'film/stills/two.jpg')),
  )
})
