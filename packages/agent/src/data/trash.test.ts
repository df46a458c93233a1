import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskOptions, TaskResult } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileDesk } from '../files/desk.js'
import { Places } from '../transfer/place.js'
import { toTrash } from '../transfer/sync/disposal.js'
import { Trashes } from '../transfer/sync/trash.js'
import { makeDirectory, stateOf } from '../transfer/target.js'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { makeTree } from './tree.fixture.js'

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string

beforeEach(() => {
  from = new Side()
  to = new Side()
  dir = temporaryDirectory()
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  makeTree(dir.path, { 'source/work/a': 'a', 'target/': '' })
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

/** Whether a disk of a few files can be had. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount()

function tryMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'waybill-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', at], { stdio: 'ignore' })
    execFileSync('umount', [at])
    return true
  } catch {
    return false
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

const days: TaskOptions['trash'] = { kind: 'days', days: 30 }

function sync(path = 'work', place = 'copy', trash = days): Promise<TaskResult> {
  return copy(from, to, path, place, { from: source, to: target, options: { mode: 'onewaysync', trash } })
}

/** The dated folders of a trash, the oldest first. */
function folders(root = target): string[] {
  const trash = join(root, '.waybill-trash')
  const names = existsSync(trash) ? readdirSync(trash).sort() : []
  return names.filter((name) => !name.includes('keep')).map((name) => join(trash, name))
}

describe('the trash of one-way sync', () => {
  it('holds what was deleted at its path, dated, for the agent alone', async () => {
    makeTree(target, { 'copy/old/deep/b': 'precious', 'copy/c': 'c' })
    symlinkSync('c', join(target, 'copy/link'))
    const ino = lstatSync(join(target, 'copy/old/deep/b')).ino
    const before = Date.now()
    expect(await sync()).toMatchObject({ status: 'done', code: null })
    expect(readdirSync(join(target, 'copy'))).toEqual(['a'])
    const [folder = '', ...others] = folders()
    expect(others).toEqual([])
    expect(readFileSync(join(folder, 'copy/old/deep/b'), 'utf8')).toBe('precious')
    expect(lstatSync(join(folder, 'copy/old/deep/b')).ino).toBe(ino)
    expect(lstatSync(join(folder, 'copy/link')).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(target, '.waybill-trash')).at(-1)).toMatch(/Z\.keep-30-days$/)
    expect(lstatSync(join(target, '.waybill-trash')).mode & 0o777).toBe(0o700)
    expect(lstatSync(folder).mode & 0o777).toBe(0o700)
    const date = /(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(\d\d)Z$/.exec(folder) ?? []
    const moment = Date.parse(`${date[1]}${date[2]}:${date[3]}:${date[4]}Z`)
    expect(moment).toBeGreaterThan(before - 1001)
    expect(moment).toBeLessThanOrEqual(Date.now())
  })

  it('stands in the destination itself where there is no volume, and is never deleted nor sent', async () => {
    makeTree(target, { 'copy/b': 'b' })
    const options = { mode: 'onewaysync' as const }
    const place = join(target, 'copy')
    await copy(from, to, 'work', place, { from: source, options })
    expect(readFileSync(join(folders(place)[0] ?? '', 'b'), 'utf8')).toBe('b')
    expect(await copy(from, to, 'work', place, { from: source, options })).toMatchObject({ status: 'done' })
    expect(folders(place)).toHaveLength(1)
    await copy(from, to, 'copy', 'onwards', { from: target, to: target })
    expect(readdirSync(join(target, 'onwards'))).toEqual(['a'])
  })

  it('never replaces what is in it: tasks of one session that delete the same paths', async () => {
    const pair = await openPair(from, to)
    for (const [round, name] of ['first', 'second', 'third'].entries()) {
      makeTree(target, round === 1 ? { 'copy/x/y': name } : { 'copy/x': name })
      const task = makeTask('work', 'copy', { from: source, to: target, options: { mode: 'onewaysync' } })
      from.engine.tasks(pair.session, [task.source])
      to.engine.tasks(pair.session, [task.target])
      expect(await to.result(task.id)).toMatchObject({ status: 'done', code: null })
    }
    const kept = folders().map((folder) => {
      const at = join(folder, 'copy/x')
      return readFileSync(lstatSync(at).isDirectory() ? join(at, 'y') : at, 'utf8')
    })
    expect(kept.sort()).toEqual(['first', 'second', 'third'])
  })

  it('that cannot be reached by renaming leaves all where it is, and says so', () => {
    makeTree(target, { 'copy/b': 'b', 'copy/d/c': 'c' })
    const places = new Places()
    const place = places.target({ root: target, path: 'copy' })
    for (const code of ['EXDEV', 'ENOSPC', 'EDQUOT']) {
      const trash = new Trashes().of(place, 'root', days)
      trash.add = () => {
        throw Object.assign(new Error(code), { code })
      }
      const dispose = toTrash(place, trash)
      const refused = () => dispose({ path: 'b', directory: false, size: 1 })
      expect(refused).toThrow(expect.objectContaining({ code: 'W#J059' }))
    }
    expect(readFileSync(join(target, 'copy/b'), 'utf8')).toBe('b')
    places.close()
  })

  it.skipIf(!canMount)('on a full disk lets the sync finish, and loses nothing', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=6', 'tmpfs', target])
    try {
      // The top, a directory, a file that stays and one that is to go: two inodes are left, and three are needed.
      makeTree(target, { 'copy/a': 'a', 'copy/old': 'old' })
      const result = await sync()
      expect(result).toMatchObject({ status: 'done' })
      expect(result.details).toMatchObject([{ path: 'old', code: 'W#J059' }])
      expect(readFileSync(join(target, 'copy/old'), 'utf8')).toBe('old')
    } finally {
      await to.engine.close()
      execFileSync('umount', ['-l', target])
    }
  })

  it.each([
    ['a link', () => symlinkSync(join(dir.path, 'outside'), join(target, '.waybill-trash'))],
    ['a file', () => writeFileSync(join(target, '.waybill-trash'), '')],
  ])('is not made where %s is in its way: then nothing is deleted', async (_what, spoil) => {
    mkdirSync(join(dir.path, 'outside'))
    makeTree(target, { 'copy/b': 'b' })
    spoil()
    expect(await sync()).toMatchObject({ status: 'failed' })
    expect(readFileSync(join(target, 'copy/b'), 'utf8')).toBe('b')
    expect(readdirSync(join(dir.path, 'outside'))).toEqual([])
  })

  it.each(['.waybill-trash', 'x/.Waybill-Trash/y'])(
    'is no name for a source or destination: %s',
    async (path) => {
      makeTree(source, { [`${path}/f`]: 'f' })
      const roots = { from: source, to: target }
      expect(await copy(from, to, path, 'copy', roots)).toMatchObject({ status: 'failed', code: 'E#J006' })
      expect(await copy(from, to, 'work', path, roots)).toMatchObject({ status: 'failed', code: 'E#J006' })
      symlinkSync(path, join(source, 'way-in'))
      const link = await copy(from, to, 'way-in', 'copy', roots)
      expect(link).toMatchObject({ status: 'failed', code: 'E#J006' })
      expect(readdirSync(target)).toEqual([])
      rmSync(join(source, 'way-in'))
    },
  )
})

describe('the name of the trash', () => {
  it.each(['.waybill-trash', '.waybill-trash/2026-01-01T000000Z/x', 'a/.WAYBILL-TRASH./b'])(
    'is refused when a peer sends it: %s',
    (path) => {
      const places = new Places()
      const place = places.target({ root: target, path: 'in' })
      const entry = { id: 1, task: 1, path, size: 1, mtime: 0n, mode: 0o644 }
      const options = { comparison: 'size_mtime', ignoreExisting: false } as const
      expect(() => stateOf(place, { ...entry, kind: 'file' }, options)).toThrow('Refused')
      expect(() => makeDirectory(place, { ...entry, kind: 'directory' })).toThrow('Refused')
      expect(readdirSync(target)).toEqual([])
      places.close()
    },
  )

  it('is hidden from who looks at files, and cannot be changed through it', () => {
    makeTree(target, { '.waybill-trash/2026-01-01T000000Z/x': 'x', a: 'a' })
    const desk = new FileDesk()
    const asked = { root: target, exact: true }
    const inside = '.waybill-trash/2026-01-01T000000Z/x'
    expect(desk.perform('files.stat', { ...asked, paths: ['.waybill-trash', inside] }).items).toEqual([
      { type: 'missing' },
      { type: 'missing' },
    ])
    const walk = (path: string) =>
      desk.perform('files.walk', {
        ...asked,
        path,
        walk: randomUUID(),
        scope: { all: true, reaches: [], closed: [] },
        names: [],
        depth: 5,
        sizes: true,
        only: 'all',
        include: '',
        exclude: '',
        skip: 0,
        limit: null,
      })
    expect(walk('')).toMatchObject({ entries: [{ name: 'a' }], size: 1 })
    expect(() => walk('.waybill-trash')).toThrow('not there')
    for (const path of ['.waybill-trash', inside]) {
      expect(desk.perform('files.delete', { ...asked, path, force: true })).toEqual({
        done: true,
        deleted: 0,
      })
    }
    expect(() => desk.perform('files.rename', { ...asked, path: inside, to: 'b' })).toThrow('not there')
    expect(() => desk.perform('files.rename', { ...asked, path: 'a', to: inside })).toThrow()
    expect(() => desk.perform('files.mkdir', { ...asked, path: '.waybill-trash/y' })).toThrow()
    expect(readdirSync(join(target, '.waybill-trash/2026-01-01T000000Z'))).toEqual(['x'])
  })
})
