import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileRequestName, fullScope, type RequestArgs, WaybillError } from '@waybill/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { FileDesk } from './desk.js'
import { pageLimits } from './walk.js'

const ours = `.waybill-${'0'.repeat(32)}.part`
let root: string
let outside: string
let desk: FileDesk
let time: number

beforeEach(() => {
  root = tempDirectory('root')
  outside = tempDirectory('outside')
  time = 0
  desk = new FileDesk({ ...pageLimits, entries: 4, ms: 10_000 }, () => time)
  writeFileSync(join(outside, 'precious'), 'x')
  mkdirSync(join(root, 'dir', 'sub'), { recursive: true })
  for (const name of ['a', 'b', 'dir/c', 'dir/sub/d']) writeFileSync(join(root, name), name)
  symlinkSync(outside, join(root, 'link'))
  symlinkSync('a', join(root, 'dir', 'inner'))
  writeFileSync(join(root, ours), 'unfinished')
})

const here = () => ({ root, exact: false })
const ask = <N extends FileRequestName>(name: N, args: RequestArgs<N>) => desk.perform(name, args)
const stat = (...paths: string[]) => ask('files.stat', { ...here(), paths }).items
const mkdir = (path: string) => ask('files.mkdir', { ...here(), path })
const remove = (path: string, force = false) => ask('files.delete', { ...here(), path, force })
const rename = (path: string, to: string) => ask('files.rename', { ...here(), path, to })
const walk = (id: string, more: Partial<RequestArgs<'files.walk'>> = {}) =>
  ask('files.walk', {
    ...{ ...here(), path: '', walk: id, scope: fullScope, names: [], depth: 1, sizes: false },
    ...{ only: 'all', include: '', exclude: '', skip: 0, limit: null },
    ...more,
  })

function code(act: () => unknown): string {
  try {
    act()
    return 'done'
  } catch (error) {
    return error instanceof WaybillError ? error.code : String(error)
  }
}

describe('looking', () => {
  it('sees files and directories, and nothing else', () => {
    const types = stat('', 'a', 'dir', 'none', 'link', 'link/precious', 'dir/inner', ours, 'a/b')
    expect(types.map(({ type }) => type)).toEqual([
      ...['directory', 'file', 'directory', 'missing', 'failed', 'failed', 'failed', 'missing', 'missing'],
    ])
  })

  it('refuses names that are none', () => {
    for (const path of ['..', 'dir/../..', '/etc', 'dir//c', './a', 'a\0', 'x'.repeat(256), 'dir/']) {
      expect([path, ...stat(path)], path).toMatchObject([path, { type: 'failed', code: 'bad_request' }])
      for (const act of [
        () => mkdir(path),
        () => remove(path, true),
        () => rename('a', path),
        () => rename(path, 'z'),
      ]) {
        expect(code(act), path).toBe('bad_request')
      }
    }
    expect(readdirSync(root)).toEqual([ours, 'a', 'b', 'dir', 'link'])
  })

  it('says that a root is gone', () => {
    root = join(root, 'none')
    expect(stat('a')).toMatchObject([{ type: 'failed', code: 'unreachable' }])
    for (const act of [() => walk('1'), () => mkdir('a'), () => remove('a')]) {
      expect(code(act)).toBe('unreachable')
    }
    expect(existsSync(root)).toBe(false)
  })
})

describe('listings in pages', () => {
  it('come page by page, each once more if asked again', () => {
    const first = walk('1')
    expect(first).toMatchObject({ done: false })
    expect(walk('1')).toEqual(first)
    const second = ask('files.next', { root, walk: '1', page: 1 })
    expect(ask('files.next', { root, walk: '1', page: 1 })).toEqual(second)
    expect(code(() => ask('files.next', { root, walk: '1', page: 3 }))).toBe('timeout')
    const names = [first, second, ask('files.next', { root, walk: '1', page: 2 })].flatMap(({ entries }) =>
      entries.flatMap((entry) => ('name' in entry ? entry.name : [])),
    )
    expect(names).toEqual(['a', 'b', 'dir'])
  })

  it('end when they are closed, or when nobody goes on with them', () => {
    walk('1')
    walk('2')
    expect(desk.walks).toBe(2)
    ask('files.close', { root, walk: '1' })
    expect(code(() => ask('files.next', { root, walk: '1', page: 1 }))).toBe('timeout')
    time += 61_000
    stat('a')
    expect(desk.walks).toBe(0)
  })

  it('are limited in number', () => {
    for (let number = 0; number < 64; number++) walk(String(number))
    expect(code(() => walk('one more'))).toBe('rate_limited')
    desk.close()
    expect(code(() => walk('one more'))).toBe('done')
  })

  it('refuse filters that cannot be used', () => {
    expect(code(() => walk('1', { include: "re('(')" }))).toBe('bad_request')
    expect(desk.walks).toBe(0)
  })
})

describe('changing', () => {
  it('makes directories, also again, and never through a link or a file', () => {
    expect(mkdir('new/er/est')).toEqual({ done: true })
    expect(mkdir('new/er')).toEqual({ done: true })
    for (const path of ['link/x', 'a/x', 'dir/inner/x', 'link'])
      expect(
        code(() => mkdir(path)),
        path,
      ).toBe('conflict')
    expect(code(() => mkdir(`new/${ours}`))).toBe('bad_request')
    expect(readdirSync(outside)).toEqual(['precious'])
  })

  it('deletes from the bottom up, a link itself and not what it leads to', () => {
    expect(code(() => remove('dir'))).toBe('conflict')
    symlinkSync(outside, join(root, 'dir', 'out'))
    expect(remove('dir', true)).toEqual({ done: true, deleted: 6 })
    expect(remove('link', true)).toEqual({ done: true, deleted: 1 })
    expect(remove('dir', true)).toEqual({ done: true, deleted: 0 })
    expect(remove('a')).toEqual({ done: true, deleted: 1 })
    expect(code(() => remove('', true))).toBe('forbidden')
    expect(remove(ours)).toEqual({ done: true, deleted: 0 })
    expect(readdirSync(root)).toEqual([ours, 'b'])
    expect(readdirSync(outside)).toEqual(['precious'])
  })

  it('deletes large trees in steps', () => {
    for (let number = 0; number < 300; number++) writeFileSync(join(root, 'dir', `f${number}`), '')
    let now = 0
    const slow = new FileDesk(pageLimits, () => now++ * 100)
    let steps = 0
    while (!slow.perform('files.delete', { ...here(), path: 'dir', force: true }).done) steps++
    expect(existsSync(join(root, 'dir'))).toBe(false)
    expect(steps).toBeGreaterThan(1)
  })

  it('renames without ever replacing', () => {
    for (const [from, to, expected] of [
      ['a', 'b', 'conflict'],
      ['a', 'dir', 'conflict'],
      ['a', 'link', 'conflict'],
      ['dir', 'a', 'conflict'],
      ['a', 'a', 'conflict'],
      ['dir', 'dir/sub/x', 'bad_request'],
      ['a', ours, 'bad_request'],
      ['a', 'none/a', 'conflict'],
      ['a', 'link/a', 'conflict'],
      ['none', 'x', 'not_found'],
      ['link', 'x', 'not_found'],
      [ours, 'x', 'not_found'],
      ['', 'x', 'forbidden'],
    ] as const) {
      expect([from, to, code(() => rename(from, to))]).toEqual([from, to, expected])
    }
    rename('a', 'dir/sub/z')
    rename('dir', 'directory')
    expect(readFileSync(join(root, 'directory/sub/z'), 'utf8')).toBe('a')
    expect(readdirSync(root)).toEqual([ours, 'b', 'directory', 'link'])
  })

  it("changes nothing on a machine's own paths, which it lists", () => {
    const own = { root: null, exact: false }
    expect(
      desk.perform('files.stat', { ...own, paths: [join(root, 'a'), join(root, 'none')] }).items,
    ).toMatchObject([{ type: 'file', size: 1 }, { type: 'missing' }])
    const path = join(root, 'a')
    expect(code(() => desk.perform('files.delete', { ...own, path, force: false }))).toBe('forbidden')
    expect(code(() => desk.perform('files.mkdir', { ...own, path: join(root, 'x') }))).toBe('forbidden')
    expect(code(() => desk.perform('files.rename', { ...own, path, to: join(root, 'x') }))).toBe('forbidden')
    expect(walk('own', { root: null, path: root }).entries).toMatchObject([{ name: 'a' }, { name: 'b' }])
    expect(desk.perform('files.stat', { ...own, paths: ['relative'] }).items).toMatchObject([
      { code: 'bad_request' },
    ])
  })
})
