import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, type Entity, tempDirectory, type WireClient } from '@waybill/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'
import { change, exists, getsize, ls, names, paths, refused } from './calls.js'

// What others see of files, and what they may do with them: an employee with a volume, a vendor with parts of
// a folder. What is hidden is refused in the words for what is not there.

cleanUpAfterwards()
let studio: Studio
let eva: WireClient
let tom: WireClient
let folder: Entity

beforeAll(async () => {
  studio = await openStudio()
  const { admin, plane } = studio
  for (const [name, size] of [
    ['show/rushes/day1/a.mov', 10],
    ['show/rushes/day1/sub/b.mov', 20],
    ['show/rushes/day2/c.mov', 40],
    ['show/rushes/in/d.mov', 80],
    ['show/rushes/out/e.mov', 160],
    ['show/budget.xls', 320],
  ] as const) {
    await storageFile(studio, name, size)
  }
  folder = await admin.create('folder', { code: 'rushes', path: 'volume=storage/show/rushes' })
  eva = await plane.addUser('eva@example.com', 'employee')
  tom = await plane.addUser('tom@example.com', 'standard')
  await admin.create('user', { code: 'otto@example.com', role: 'employee', create_home_share: true })
  await storageFile(studio, 'homes/otto@example.com/private.txt', 640)
  const [volume] = await admin.find('volume', 'code=storage')
  await grant('eva@example.com', volume, { read: true, write: true })
  await grant('tom@example.com', folder, { path: '/day1', read: true, write: false })
  await grant('tom@example.com', folder, { path: '/in', read: false, write: true })
  await grant('tom@example.com', folder, { path: '/out', read: true, write: true })
})

async function grant(user: string, share: Entity | undefined, rights: object): Promise<void> {
  const data = { entity: `user:${user}`, target: `share:${share?.id ?? ''}`, ...rights }
  await studio.admin.result('POST', 'acl/create', { data })
}

describe('a vendor with parts of a folder', () => {
  it('sees what was granted and the way to it, and nothing of the rest', async () => {
    expect(names(await ls(tom, 'folder=rushes'))).toEqual(['day1', 'out'])
    expect(paths(await ls(tom, 'folder=rushes', { recursive: true }))).toEqual([
      ...['day1', 'day1/a.mov', 'day1/sub', 'day1/sub/b.mov', 'out', 'out/e.mov'],
    ])
    expect(paths(await ls(tom, 'volume=storage', { recursive: true, maxdepth: 3 }))).toEqual([
      ...['show', 'show/rushes', 'show/rushes/day1', 'show/rushes/out'],
    ])
    expect(await getsize(tom, 'folder=rushes')).toBe(190)
    expect(await getsize(tom, 'volume=storage')).toBe(190)
    const [shown] = await ls(tom, 'volume=storage/', { getsize: true })
    expect(shown).toMatchObject({ filename: 'show', size: 190 })
    expect(await ls(tom, 'folder=rushes', { skip: 2 })).toEqual([])
    expect(await exists(tom, ['folder=rushes', 'folder=rushes/day1/none'])).toMatchObject([
      { result: true },
      { result: false },
    ])
  })

  it('is told the same of what is hidden and of what is not there', async () => {
    for (const op of ['ls', 'getsize', 'exists']) {
      const words = async (name: string): Promise<string> => {
        const { status, message, code } = await refused(tom, 'GET', { op, path: `folder=rushes/${name}` })
        return `${status} ${String(code)} ${message}`.replaceAll(name, 'NAME')
      }
      expect(await words('day2')).toBe(await words('nothing'))
      expect(await words('day2/c.mov')).toBe(await words('day2/nothing'))
    }
    for (const path of ['folder=rushes/day2/x', 'folder=rushes/nothing/x']) {
      expect(await refused(tom, 'POST', { op: 'mkdir', path })).toMatchObject({ status: 404 })
      expect(await refused(tom, 'POST', { op: 'delete', path, force: true })).toMatchObject({ status: 404 })
    }
    expect((await refused(tom, 'GET', { op: 'ls', path: 'volume=storage/homes' })).status).toBe(404)
    expect((await refused(tom, 'GET', { op: 'ls', path: 'folder=nothing' })).status).toBe(404)
  })

  it('changes what it may write, and lists none of it that it may not read', async () => {
    const inbox = await refused(tom, 'GET', { op: 'ls', path: 'folder=rushes/in' })
    expect(inbox).toMatchObject({ status: 403, message: 'You may not read folder=rushes/in' })
    expect(await change(tom, 'POST', { op: 'mkdir', path: 'folder=rushes/in/new/er' })).toBe(true)
    expect(
      await change(tom, 'PUT', {
        op: 'rename',
        path: 'folder=rushes/in/new/er',
        path_to: 'folder=rushes/in/new/est',
      }),
    ).toBe(true)
    expect(
      await change(tom, 'PUT', {
        op: 'move',
        path: 'folder=rushes/in/new/est',
        path_to: 'folder=rushes/in/',
      }),
    ).toBe(true)
    expect(await readdir(join(studio.storage, 'show/rushes/in'))).toEqual(['d.mov', 'est', 'new'])
    expect(
      await change(tom, 'POST', { op: 'delete', path: ['folder=rushes/in/new', 'folder=rushes/in/est'] }),
    ).toBe(true)
  })

  it('moves with write at both ends only, and nothing out of what it may not read', async () => {
    const { status } = await refused(tom, 'PUT', {
      op: 'move',
      path: 'folder=rushes/day1/a.mov',
      path_to: 'folder=rushes/in/a.mov',
    })
    expect(status).toBe(403)
    expect(
      (
        await refused(tom, 'PUT', {
          op: 'move',
          path: 'folder=rushes/out/e.mov',
          path_to: 'folder=rushes/day1/',
        })
      ).status,
    ).toBe(403)
    expect(
      (
        await refused(tom, 'PUT', {
          op: 'move',
          path: 'folder=rushes/in/d.mov',
          path_to: 'folder=rushes/out/',
        })
      ).status,
    ).toBe(403)
    expect(
      await change(tom, 'PUT', { op: 'move', path: 'folder=rushes/out/e.mov', path_to: 'folder=rushes/in/' }),
    ).toBe(true)
  })

  it('looks at no machine but its own', async () => {
    const answer = await refused(tom, 'GET', { op: 'ls', path: studio.desk.at(studio.local) })
    expect(answer.status).toBe(404)
  })
})

describe('an employee with a volume', () => {
  it('sees all of it but the homes of others', async () => {
    expect(names(await ls(eva, 'volume=storage'))).toEqual(['homes', 'show'])
    expect(await ls(eva, 'volume=storage/homes')).toEqual([])
    const all = Number(await getsize(studio.admin, 'volume=storage'))
    expect(all - Number(await getsize(eva, 'volume=storage'))).toBe(640)
    for (const path of ['homes/otto@example.com', 'homes/OTTO@example.com', 'home=otto@example.com']) {
      expect((await refused(eva, 'GET', { op: 'ls', path })).status, path).toBe(404)
    }
  })

  it('has its own home, and nobody else in it', async () => {
    const otto = studio.plane.as('otto@example.com', await studio.plane.createKey('otto@example.com'))
    expect(names(await ls(otto, '~'))).toEqual(['private.txt'])
    expect(await change(otto, 'POST', { op: 'mkdir', path: '~/mine' })).toBe(true)
    expect(await change(otto, 'PUT', { op: 'move', path: '~/private.txt', path_to: '~/mine/' })).toBe(true)
    expect(await exists(otto, ['home=otto@example.com/mine/private.txt', '~/private.txt'])).toMatchObject([
      { result: true },
      { result: false },
    ])
    expect((await refused(otto, 'POST', { op: 'delete', path: '~', force: true })).status).toBe(403)
  })

  it('takes no home along, and no directory that somebody shares', async () => {
    for (const path of ['homes', 'volume=storage/homes', 'folder=rushes', 'show/rushes', 'show']) {
      const answer = await refused(eva, 'POST', { op: 'delete', path, force: true })
      expect([path, answer.status]).toEqual([path, 403])
      const moved = await refused(eva, 'PUT', { op: 'move', path, path_to: 'volume=storage/away' })
      expect([path, moved.status]).toEqual([path, 403])
    }
    expect(await change(eva, 'POST', { op: 'mkdir', path: 'homes' })).toBe(true)
    expect(await change(eva, 'PUT', { op: 'move', path: 'show/budget.xls', path_to: 'volume=storage' })).toBe(
      true,
    )
    expect(await change(eva, 'POST', { op: 'delete', path: 'budget.xls' })).toBe(true)
  })
})

describe('a collection', () => {
  it('lists its files, and what is in its directories; it changes none', async () => {
    const { admin } = studio
    const files = [
      'volume=storage/show/rushes/day1/a.mov',
      'volume=storage/show/rushes/day2',
      'folder=rushes/day1',
    ]
    const made = await admin.create('collection', { code: 'picks', files })
    await grant('tom@example.com', made, { read: true, write: false })
    const mia = await studio.plane.addUser('mia@example.com', 'standard')
    await grant('mia@example.com', made, { path: '/day2', read: true, write: false })
    for (const client of [admin, tom]) {
      expect(paths(await ls(client, 'collection=picks', { recursive: true }))).toEqual([
        ...['a.mov', 'day1', 'day1/a.mov', 'day1/sub', 'day1/sub/b.mov', 'day2', 'day2/c.mov'],
      ])
      expect(await ls(client, 'collection=picks', { getsize: true })).toMatchObject([
        { type: 1, filename: 'a.mov', size: 10 },
        { type: 0, filename: 'day1', size: 30 },
        { type: 0, filename: 'day2', size: 40 },
      ])
      expect(await getsize(client, 'collection=picks')).toBe(80)
      expect(names(await ls(client, 'collection=picks', { files_only: true }))).toEqual(['a.mov'])
      expect(names(await ls(client, 'collection=picks', { skip: 1, limit: 1 }))).toEqual(['day1'])
      expect(paths(await ls(client, 'collection=picks', { recursive: true, include: 'b.mov' }))).toEqual([
        ...['day1', 'day1/sub', 'day1/sub/b.mov'],
      ])
      expect(names(await ls(client, 'collection=picks/day1/sub'))).toEqual(['b.mov'])
      expect(await exists(client, ['collection=picks', 'collection=picks/day2/c.mov'])).toMatchObject([
        { result: true },
        { result: true },
      ])
    }
    expect((await refused(tom, 'GET', { op: 'ls', path: 'collection=picks/none' })).status).toBe(404)
    expect(await exists(tom, 'collection=picks/none')).toBe(false)
    expect((await refused(mia, 'GET', { op: 'exists', path: 'collection=picks/none' })).status).toBe(404)
    expect(names(await ls(mia, 'collection=picks'))).toEqual(['day2'])
    for (const path of ['collection=picks', 'collection=picks/day2/c.mov']) {
      const { status } = await refused(admin, 'POST', { op: 'delete', path, force: true })
      expect([path, status]).toEqual([path, 403])
    }
  })
})

describe('agents and shares that are away', () => {
  it('says that a share is disabled, to those who see it', async () => {
    await studio.admin.edit('folder', folder.id, { status: 'disabled' })
    const words = 'Folder rushes is disabled'
    expect(await refused(tom, 'GET', { op: 'ls', path: 'folder=rushes' })).toMatchObject({
      status: 403,
      message: words,
    })
    expect((await refused(tom, 'GET', { op: 'ls', path: 'folder=rushes/day2' })).status).toBe(404)
    await studio.admin.edit('folder', folder.id, { status: 'enabled' })
    expect(names(await ls(tom, 'folder=rushes'))).toEqual(['day1', 'out'])
  })

  it('asks the server of a site, and says when it is offline', async () => {
    const { admin, plane } = studio
    const there = tempDirectory('paris')
    await mkdir(join(there, 'rushes'))
    const agent = await Agent.start({ plane, name: 'paris-1', type: 'server' })
    const server = await agent.online()
    const site = await admin.create('site', { code: 'paris' })
    await admin.result('PUT', 'client/edit', { id: server, data: { site: site.id } })
    const volume = await admin.create('volume', { code: 'film', path: there, server })
    expect(names(await ls(admin, 'site=paris:volume=film'))).toEqual(['rushes'])
    const other = await refused(admin, 'PUT', {
      op: 'move',
      path: 'site=paris:volume=film/rushes',
      path_to: 'show/x',
    })
    expect(other).toMatchObject({
      status: 400,
      message: expect.stringContaining('waybill transfer') as string,
    })
    await agent.stop()
    const offline = await refused(admin, 'GET', { op: 'ls', path: 'site=paris:volume=film' })
    expect(offline).toMatchObject({
      status: 503,
      code: 'agent_offline',
      message: 'Server paris-1, which serves film, is offline',
    })
    expect((await refused(tom, 'GET', { op: 'ls', path: 'site=paris:volume=film' })).status).toBe(404)
    expect(volume.code).toBe('film')
  })
})
