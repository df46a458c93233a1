import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempDirectory } from '@waybill/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile, wireDate } from '../studio.js'
import { change, exists, getsize, ls, names, refused } from './calls.js'

// What an admin does with files: every operation, in every notation, through agents that are processes.

cleanUpAfterwards()
let studio: Studio

beforeAll(async () => {
  studio = await openStudio()
  await storageFile(studio, 'show/a/plate.0001.exr', 100)
  await storageFile(studio, 'show/a/plate.0002.exr', 200)
  await storageFile(studio, 'show/a/notes.txt', 30)
  await storageFile(studio, 'show/b/deep/er/cut.mov', 4000)
  await storageFile(studio, 'show/readme.txt', 7)
  await symlink('/etc', join(studio.storage, 'show', 'link'))
  await writeFile(join(studio.storage, 'show', `.waybill-${'a'.repeat(32)}.part`), 'unfinished')
})

describe('looking', () => {
  it('lists a directory by name, with nothing but files and directories', async () => {
    const entries = await ls(studio.admin, 'volume=storage/show')
    expect(entries).toEqual([
      { type: 0, filename: 'a', size: 0, modified: expect.stringMatching(wireDate) as string },
      { type: 0, filename: 'b', size: 0, modified: expect.stringMatching(wireDate) as string },
      { type: 1, filename: 'readme.txt', size: 7, modified: expect.stringMatching(wireDate) as string },
    ])
    const { mtimeMs } = await lstat(join(studio.storage, 'show/readme.txt'))
    expect(entries[2]?.modified).toBe(new Date(mtimeMs).toISOString().slice(0, 19))
  })

  it('finds the same by every notation', async () => {
    const [volume] = await studio.admin.find('volume', 'code=storage')
    for (const path of [
      'volume=storage/show',
      `volume=${volume?.id ?? ''}/show/`,
      'volume=(default)/show',
      'share=storage/show',
      'hq:volume=storage/show',
      'site=hq:volume=storage/show',
      'workspace=studio:show',
      'show',
      './show',
      join(studio.storage, 'show'),
      { path: 'show' },
      { volume: 'storage', path: '/show' },
    ]) {
      expect(names(await ls(studio.admin, path)), JSON.stringify(path)).toEqual(['a', 'b', 'readme.txt'])
    }
  })

  it('lists recursively, to a depth, with sizes and filters', async () => {
    const all = await ls(studio.admin, 'volume=storage/show', { recursive: true, getsize: true })
    const plain = (entries: readonly Entry[]): unknown =>
      entries.map(({ filename, size, files }) => [
        filename,
        size,
        ...(files === undefined ? [] : [plain(files)]),
      ])
    expect(plain(all)).toEqual([
      [
        'a',
        330,
        [
          ['notes.txt', 30],
          ['plate.0001.exr', 100],
          ['plate.0002.exr', 200],
        ],
      ],
      ['b', 4000, [['deep', 4000, [['er', 4000, [['cut.mov', 4000]]]]]]],
      ['readme.txt', 7],
    ])
    const level = await ls(studio.admin, 'volume=storage/show', { recursive: true, maxdepth: 2 })
    expect(plain(level)).toEqual([
      [
        'a',
        0,
        [
          ['notes.txt', 30],
          ['plate.0001.exr', 100],
          ['plate.0002.exr', 200],
        ],
      ],
      ['b', 0, [['deep', 0, []]]],
      ['readme.txt', 7],
    ])
    const sizes = await ls(studio.admin, 'volume=storage/show', { getsize: true, directories_only: true })
    expect(plain(sizes)).toEqual([
      ['a', 330],
      ['b', 4000],
    ])
    const files = await ls(studio.admin, 'volume=storage/show', { files_only: true })
    expect(names(files)).toEqual(['readme.txt'])
    const frames = await ls(studio.admin, 'volume=storage/show/a', { include: ["re('plate\\.\\d+')"] })
    expect(names(frames)).toEqual(['plate.0001.exr', 'plate.0002.exr'])
    const rest = await ls(studio.admin, 'volume=storage/show/a', { exclude: '*.exr', download: true })
    expect(names(rest)).toEqual(['notes.txt'])
    const deep = await ls(studio.admin, 'volume=storage/show', { recursive: true, include: '*.mov' })
    expect(plain(deep)).toEqual([['b', 0, [['deep', 0, [['er', 0, [['cut.mov', 4000]]]]]]]])
  })

  it('pages through a directory', async () => {
    const page = async (skip: number): Promise<string[]> =>
      names(await ls(studio.admin, 'volume=storage/show', { skip, limit: 2 }))
    expect([await page(0), await page(2), await page(3)]).toEqual([['a', 'b'], ['readme.txt'], []])
  })

  it('tells sizes and what is there', async () => {
    expect(await getsize(studio.admin, 'volume=storage/show')).toBe(4337)
    expect(await getsize(studio.admin, 'volume=storage/show/readme.txt')).toBe(7)
    expect(await getsize(studio.admin, 'volume=storage/show', { include: '*.exr' })).toBe(300)
    expect(await exists(studio.admin, 'show/a')).toBe(true)
    expect(await exists(studio.admin, 'show/nothing')).toBe(false)
    expect(await exists(studio.admin, 'show/readme.txt/x')).toBe(false)
    for (const op of ['ls', 'getsize', 'exists']) {
      for (const path of ['show/link', 'show/link/passwd', 'show/link/nothing']) {
        const answer = await refused(studio.admin, 'GET', { op, path })
        expect(answer).toMatchObject({
          status: 403,
          message: expect.stringContaining('symbolic link') as string,
        })
      }
    }
    expect(names(await ls(studio.admin, 'show/readme.txt'))).toEqual(['readme.txt'])
  })

  it('answers several paths at once, or says which of them is wrong', async () => {
    const some = ['volume=storage/show/a', { path: 'show/readme.txt' }]
    expect(await getsize(studio.admin, some)).toEqual([
      { path: 'volume=storage/show/a', result: 330 },
      { path: { path: 'show/readme.txt' }, result: 7 },
    ])
    expect(await exists(studio.admin, ['show', 'nothing'])).toEqual([
      { path: 'show', result: true },
      { path: 'nothing', result: false },
    ])
    const lists = await studio.admin.result('GET', 'workspace/file', {
      data: { op: 'ls', path: ['show/a', 'show/b'] },
    })
    expect(lists).toMatchObject([
      { path: 'show/a', result: [{ filename: 'notes.txt' }, {}, {}] },
      { path: 'show/b', result: [{ filename: 'deep' }] },
    ])
    expect(await ls(studio.admin, [])).toEqual([])
    for (const op of ['ls', 'getsize']) {
      const { status, message } = await refused(studio.admin, 'GET', { op, path: ['show', 'nothing'] })
      expect([status, message]).toEqual([404, 'There is no "nothing" that you may see'])
    }
    const many = Array.from({ length: 700 }, (_, index) => `volume=storage/show/none-${index}`)
    expect(await exists(studio.admin, many)).toHaveLength(700)
  })

  it("shows the admin's own machine, and nobody else's", async () => {
    await mkdir(join(studio.local, 'own'))
    await writeFile(join(studio.local, 'own', 'file'), 'hello')
    for (const path of [
      studio.desk.at(studio.local),
      studio.local,
      `client=${await studio.desk.online()}:${studio.local}`,
    ]) {
      expect(names(await ls(studio.admin, path))).toContain('own')
    }
    expect(await getsize(studio.admin, studio.desk.at(join(studio.local, 'own')))).toBe(5)
    const { status } = await refused(studio.admin, 'POST', {
      op: 'mkdir',
      path: studio.desk.at(join(studio.local, 'x')),
    })
    expect(status).toBe(403)
  })
})

describe('changing', () => {
  it('makes directories, renames, moves and deletes', async () => {
    const { admin } = studio
    expect(await change(admin, 'POST', { op: 'mkdir', path: ['volume=storage/in/day 1', 'in/day 2'] })).toBe(
      true,
    )
    expect(await change(admin, 'POST', { op: 'mkdir', path: 'in/day 1' })).toBe(true)
    await writeFile(join(studio.storage, 'in/day 1/a.mov'), 'aaaa')
    expect(
      await change(admin, 'PUT', { op: 'rename', path: 'in/day 1', path_to: 'volume=storage/in/monday' }),
    ).toBe(true)
    expect(
      await change(admin, 'PUT', { op: 'rename', path: 'in/monday/a.mov', path_to: 'in/monday/b.mov' }),
    ).toBe(true)
    expect(
      await change(admin, 'PUT', {
        op: 'move',
        path: 'in/monday/b.mov',
        path_to: 'volume=storage/in/day 2/',
      }),
    ).toBe(true)
    expect(
      await change(admin, 'PUT', {
        op: 'move',
        path: 'in/day 2',
        path_to: 'volume=storage/in/monday/tuesday',
      }),
    ).toBe(true)
    expect(await readdir(join(studio.storage, 'in/monday/tuesday'))).toEqual(['b.mov'])
    const full = await refused(admin, 'POST', { op: 'delete', path: 'in/monday' })
    expect(full).toMatchObject({ status: 409, message: expect.stringContaining('use force') as string })
    expect(await change(admin, 'POST', { op: 'delete', path: 'in/monday/tuesday/b.mov' })).toBe(true)
    expect(await change(admin, 'POST', { op: 'delete', path: 'in/monday/tuesday' })).toBe(true)
    expect(await change(admin, 'POST', { op: 'delete', path: 'in', force: true })).toBe(true)
    expect(await exists(admin, 'in')).toBe(false)
  })

  it('never replaces what is there', async () => {
    for (const name of ['keep/a', 'keep/b', 'keep/dir/c']) await storageFile(studio, name, name.length)
    for (const [path, path_to] of [
      ['keep/a', 'keep/b'],
      ['keep/a', 'keep/dir'],
      ['keep/dir', 'keep/a'],
    ]) {
      for (const op of ['rename', 'move']) {
        const { status } = await refused(studio.admin, 'PUT', {
          op,
          path,
          path_to: `volume=storage/${path_to ?? ''}`,
        })
        expect(status).toBe(409)
      }
    }
    expect(await readdir(join(studio.storage, 'keep'))).toEqual(['a', 'b', 'dir'])
  })

  it('deletes links, never what they lead to', async () => {
    const outside = tempDirectory('outside')
    await writeFile(join(outside, 'precious'), 'x')
    await mkdir(join(studio.storage, 'links/below'), { recursive: true })
    await symlink(outside, join(studio.storage, 'links/below/out'))
    expect(
      (await refused(studio.admin, 'POST', { op: 'delete', path: 'links/below/out/precious', force: true }))
        .status,
    ).toBe(403)
    expect(await change(studio.admin, 'POST', { op: 'delete', path: 'links', force: true })).toBe(true)
    expect(await readdir(outside)).toEqual(['precious'])
  })

  it('refuses what makes no sense, with a status of its own', async () => {
    const { admin } = studio
    const wrong: [string, 'GET' | 'POST' | 'PUT', object, number][] = [
      ['no op', 'GET', { path: 'show' }, 400],
      ['an unknown op', 'POST', { op: 'ls', path: 'show' }, 400],
      ['no path', 'GET', { op: 'ls' }, 400],
      ['a path of another kind', 'GET', { op: 'ls', path: 5 }, 400],
      ['a list within a list', 'GET', { op: 'ls', path: [['show']] }, 400],
      ['up', 'GET', { op: 'ls', path: 'volume=storage/../etc' }, 400],
      ['NUL', 'GET', { op: 'ls', path: 'show/\0' }, 400],
      ['a long name', 'GET', { op: 'exists', path: `show/${'x'.repeat(256)}` }, 400],
      ['no such share', 'GET', { op: 'ls', path: 'volume=nothing/' }, 404],
      [
        'files and directories alone',
        'GET',
        { op: 'ls', path: 'show', files_only: true, directories_only: true },
        400,
      ],
      ['a broken filter', 'GET', { op: 'ls', path: 'show', include: "re('(')" }, 400],
      ['a bad limit', 'GET', { op: 'ls', path: 'show', limit: -1 }, 400],
      ['the root of a volume', 'POST', { op: 'delete', path: 'volume=storage/', force: true }, 403],
      ['moving a root', 'PUT', { op: 'move', path: 'volume=storage', path_to: 'volume=storage/x' }, 403],
      ['into itself', 'PUT', { op: 'move', path: 'show', path_to: 'volume=storage/show/a/show' }, 400],
      ['renaming away', 'PUT', { op: 'rename', path: 'show/a', path_to: 'volume=storage/a' }, 400],
      ['no target', 'PUT', { op: 'move', path: 'show' }, 400],
      ['a directory that is not there', 'PUT', { op: 'move', path: 'show/a', path_to: 'no/where/a' }, 409],
      ['nothing to delete', 'POST', { op: 'delete', path: 'nothing' }, 404],
      ['a name of ours', 'POST', { op: 'mkdir', path: `show/.waybill-${'b'.repeat(32)}.part` }, 400],
      ['an unfinished transfer', 'POST', { op: 'delete', path: `show/.waybill-${'a'.repeat(32)}.part` }, 404],
      ['a file in the way', 'POST', { op: 'mkdir', path: 'show/readme.txt/x' }, 409],
    ]
    for (const [what, method, data, status] of wrong) {
      const answer = await refused(admin, method, data)
      expect([what, answer.status, answer.message]).toEqual([what, status, answer.message])
    }
  })
})

type Entry = Awaited<ReturnType<typeof ls>>[number]
