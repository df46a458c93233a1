import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { TaskOptions, TaskResult } from '@waybill/api'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filterOf } from '../scan/filter.js'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { describeTree, makeTree } from './tree.fixture.js'

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
  makeTree(dir.path, { 'source/work/': '', 'target/': '', 'outside/precious': 'precious' })
})

afterEach(async () => {
  expect(readFileSync(join(dir.path, 'outside/precious'), 'utf8')).toBe('precious')
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

async function sync(
  filters: { include?: string; exclude?: string } = {},
  path = 'work',
  trash: TaskOptions['trash'] = { kind: 'days', days: 30 },
): Promise<TaskResult> {
  const options = { mode: 'onewaysync' as const, trash }
  return await copy(from, to, path, 'copy', { from: source, to: target, options, ...filters })
}

/** What is at a place, without times. */
function namesIn(root: string): string[] {
  return [...describeTree(root).keys()].map((name) => Buffer.from(name, 'latin1').toString()).sort()
}

/** What is in the only dated folder of a trash, of the task's own directory. */
function trashIn(root: string): string[] {
  const trash = join(root, '.waybill-trash')
  if (!existsSync(trash)) return []
  const [folder = '', ...others] = readdirSync(trash)
  expect(others).toEqual([`${folder}.keep-3-days`])
  return namesIn(join(trash, folder, 'copy'))
}

/** A tree is a map from paths to what is there; directories end in a slash. */
type Tree = ReadonlyMap<string, 'file' | 'link' | 'pipe' | 'directory'>

function make(root: string, tree: Tree, content: string): void {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  for (const [path, kind] of tree) {
    const at = join(root, path)
    mkdirSync(join(at, '..'), { recursive: true })
    if (kind === 'directory') mkdirSync(at, { recursive: true })
    else if (kind === 'file') writeFileSync(at, `${content} ${path}`)
    else if (kind === 'link') symlinkSync(join(dir.path, 'outside'), at)
    else execFileSync('mkfifo', [at])
  }
}

/** With all directories above. */
function closed(paths: readonly string[]): Tree {
  const tree = new Map<string, 'file' | 'link' | 'pipe' | 'directory'>()
  for (const path of paths) {
    const parts = path.split('/')
    for (let i = 1; i < parts.length; i++) tree.set(parts.slice(0, i).join('/'), 'directory')
    const name = parts.at(-1) ?? ''
    tree.set(path, name.startsWith('l') ? 'link' : name.startsWith('d') ? 'directory' : 'file')
  }
  return tree
}

/** What has to be there afterwards, said slowly. */
function expected(from: Tree, to: Tree, filter: ReturnType<typeof filterOf>): string[] {
  const inFilter = (path: string, tree: Tree) => {
    const parts = path.split('/')
    return parts.every((_, i) => {
      const here = parts.slice(0, i + 1).join('/')
      return filter(here, tree.get(here) === 'directory')
    })
  }
  const left = new Map(to)
  for (const [path, kind] of from) if (kind !== 'link' && inFilter(path, from)) left.set(path, kind)
  const lacking = [...to.keys()].filter((path) => !from.has(path) && inFilter(path, to))
  for (const path of lacking) if (to.get(path) !== 'directory') left.delete(path)
  for (const path of lacking.sort((a, b) => b.length - a.length)) {
    if (![...left.keys()].some((other) => other.startsWith(`${path}/`))) left.delete(path)
  }
  return [...left].map(([path, kind]) => (kind === 'directory' ? `${path}/` : path)).sort()
}

describe('one-way sync', () => {
  it('leaves what the source has and what filters leave out, whatever the trees', async () => {
    const path = fc
      .tuple(
        fc.array(fc.constantFrom('da', 'db', 'd.tmp'), { maxLength: 3 }),
        fc.constantFrom('fa', 'fb', 'fc.tmp', 'fü', 'la', 'lb.tmp', 'dc'),
      )
      .map(([above, name]) => [...above, name].join('/'))
    const paths = fc.array(path, { maxLength: 9 })
    const filters = fc.constantFrom(
      {},
      { exclude: '*.tmp' },
      { include: 'fa' },
      { exclude: 'd*', include: 'da' },
      { exclude: "re('^da/f')" },
    )
    const keeps = fc.constantFrom<TaskOptions['trash'][]>({ kind: 'none' }, { kind: 'days', days: 3 })
    await fc.assert(
      fc.asyncProperty(paths, paths, filters, keeps, async (there, here, filter, keep) => {
        const [sent, held] = [closed(there), closed(here)]
        make(join(source, 'work'), sent, 'new')
        make(join(target, 'copy'), held, 'old')
        writeFileSync(join(target, 'beside'), '')
        rmSync(join(target, '.waybill-trash'), { recursive: true, force: true })
        const before = namesIn(join(target, 'copy'))
        const result = await sync(filter, 'work', keep)
        expect(result).toMatchObject({ status: 'done', code: null })
        const rule = filterOf(
          'include' in filter ? filter.include : '',
          'exclude' in filter ? filter.exclude : '',
        )
        expect(namesIn(join(target, 'copy'))).toEqual(expected(sent, held, rule))
        expect(namesIn(join(source, 'work'))).toEqual(expected(sent, sent, () => true))
        expect(readdirSync(target).filter((name) => name !== '.waybill-trash')).toEqual(['beside', 'copy'])
        const gone = before.filter((name) => !namesIn(join(target, 'copy')).includes(name))
        const trashed = trashIn(target).filter((name) => !name.endsWith('/') || gone.includes(name))
        expect(trashed).toEqual(keep.kind === 'none' ? [] : gone)
      }),
      { numRuns: 40 },
    )
  })

  it('says what it deleted, and leaves times of directories as they are at the source', async () => {
    makeTree(source, { 'work/keep/a': 'a' })
    utimesSync(join(source, 'work/keep'), 1_600_000_000, 1_600_000_000)
    makeTree(target, { 'copy/keep/b': 'b', 'copy/gone/deep/c': 'c' })
    const result = await sync()
    expect(result.details.map(({ path, code }) => [path, code])).toEqual(
      expect.arrayContaining([
        ['keep/b', ''],
        ['gone/deep/c', ''],
        ['gone/deep', ''],
        ['gone', ''],
      ]),
    )
    expect(statSync(join(target, 'copy/keep')).mtimeMs).toBe(1_600_000_000_000)
  })

  it('deletes more than one question asks for, in directories of every size', async () => {
    const old = join(target, 'copy/many')
    mkdirSync(old, { recursive: true })
    for (let i = 0; i < 2500; i++) writeFileSync(join(old, `file ${i}`), '')
    for (let i = 0; i < 300; i++) makeTree(target, { [`copy/d${i}/x`]: 'x' })
    makeTree(source, { 'work/many/file 77': '', 'work/d5/x': 'x' })
    expect(await sync()).toMatchObject({ status: 'done' })
    expect(namesIn(join(target, 'copy'))).toEqual(['d5/', 'd5/x', 'many/', 'many/file 77'])
  })

  it.each<[string, () => void]>([
    ['a file of it could not be written', () => makeTree(target, { 'copy/a/': '' })],
    [
      'the destination is in the way',
      () => {
        symlinkSync(join(dir.path, 'outside'), join(target, 'copy/sub'))
        makeTree(source, { 'work/sub/x': 'x' })
      },
    ],
  ])('deletes nothing when %s', async (_why, spoil) => {
    makeTree(source, { 'work/a': 'a' })
    makeTree(target, { 'copy/old': 'old' })
    spoil()
    const result = await sync()
    expect(result).toMatchObject({ status: 'failed', code: 'E#J057' })
    expect(result.details.map(({ code }) => code)).toContain('W#J059')
    expect(existsSync(join(target, 'copy/old'))).toBe(true)
  })

  it.skipIf(process.getuid?.() === 0)(
    'deletes nothing when a part of the source cannot be read',
    async () => {
      makeTree(source, { 'work/closed/x': 'x' })
      makeTree(target, { 'copy/old': 'old', 'copy/closed/y': 'y' })
      chmodSync(join(source, 'work/closed'), 0)
      expect(await sync()).toMatchObject({ status: 'failed', code: 'E#J002' })
      expect(namesIn(join(target, 'copy'))).toContain('closed/y')
    },
  )

  it.each(['gone', 'work/gone'])('deletes nothing when the source %s is not there', async (path) => {
    makeTree(target, { 'copy/old': 'old' })
    expect(await sync({}, path)).toMatchObject({ status: 'failed', code: 'E#J001' })
    expect(namesIn(join(target, 'copy'))).toEqual(['old'])
  })

  it('takes an empty directory at its word, but not an empty volume: that may not be mounted', async () => {
    makeTree(target, { 'copy/old': 'old' })
    rmSync(join(source, 'work'), { recursive: true })
    const result = await sync({}, '')
    expect(result).toMatchObject({ status: 'done' })
    expect(result.details).toMatchObject([{ code: 'W#J059' }])
    expect(namesIn(join(target, 'copy'))).toEqual(['old'])
    mkdirSync(join(source, 'work'))
    expect(await sync()).toMatchObject({ status: 'done' })
    expect(namesIn(join(target, 'copy'))).toEqual([])
  })

  it('of a file or of frames is a copy', async () => {
    makeTree(source, { 'work/a.1.dpx': '1', 'work/a.2.dpx': '2' })
    makeTree(target, { 'copy/other': 'other' })
    const options = { mode: 'onewaysync' as const }
    const frames = { from: source, to: target, options }
    await copy(from, to, 'work/a.%d.dpx[1-2]', 'copy', frames)
    await copy(from, to, 'work/a.1.dpx', 'copy/b', frames)
    expect(namesIn(join(target, 'copy'))).toEqual(['a.1.dpx', 'a.2.dpx', 'b', 'other'])
  })

  it('leaves temporary files, and what is neither file, directory nor link', async () => {
    const part = `copy/.waybill-${'0'.repeat(32)}.part`
    makeTree(target, { [part]: 'part', 'copy/d/x': 'x' })
    execFileSync('mkfifo', [join(target, 'copy/d/pipe')])
    expect(await sync()).toMatchObject({ status: 'done' })
    expect(namesIn(join(target, 'copy'))).toEqual([part.slice(5), 'd/', 'd/pipe'])
  })

  it.each(['source', 'target'] as const)(
    'deletes nothing unless both sides were told (%s was)',
    async (told) => {
      makeTree(source, { 'work/a': 'a' })
      makeTree(target, { 'copy/old': 'old' })
      const pair = await openPair(from, to)
      const task = makeTask('work', 'copy', { from: source, to: target })
      const syncing = { ...task[told], options: { mode: 'onewaysync' as const } }
      from.engine.tasks(pair.session, [told === 'source' ? syncing : task.source])
      to.engine.tasks(pair.session, [told === 'target' ? syncing : task.target])
      const { status } = await to.result(task.id)
      expect(status).toBe(told === 'source' ? 'done' : 'failed')
      expect(namesIn(join(target, 'copy'))).toEqual(['a', 'old'])
    },
  )

  it.each(['stop', 'cancel', 'lose the sender'] as const)(
    'ends in the middle when told to %s',
    async (how) => {
      mkdirSync(join(target, 'copy'))
      for (let i = 0; i < 3000; i++) writeFileSync(join(target, `copy/f${i}`), '')
      const pair = await openPair(from, to)
      const task = makeTask('work', 'copy', { from: source, to: target, options: { mode: 'onewaysync' } })
      from.engine.tasks(pair.session, [task.source])
      to.engine.tasks(pair.session, [task.target])
      while (readdirSync(join(target, 'copy')).length > 2900) await new Promise(setImmediate)
      if (how === 'stop') await to.engine.stop(pair.session, 'enough')
      else if (how === 'cancel') to.engine.cancel(pair.session, [task.id])
      else await from.engine.close()
      if (how === 'cancel') expect((await to.result(task.id)).status).toMatch(/cancelled|done/)
      else await to.ended(pair.session)
      // Nothing is under way any more: closing waits for what is, and nothing goes after it.
      await to.engine.close()
      const left = readdirSync(join(target, 'copy')).length
      await new Promise(setImmediate)
      expect(readdirSync(join(target, 'copy'))).toHaveLength(left)
    },
  )
})
