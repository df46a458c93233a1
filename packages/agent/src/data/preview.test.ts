import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { GivenOptions, PreviewItem, PreviewTotals, TaskResult } from '@waybill/api'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { describeTree, makeTree } from './tree.fixture.js'

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string

beforeEach(() => {
  dir = temporaryDirectory()
  from = new Side()
  to = new Side({ manifests: join(dir.path, 'records') })
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  makeTree(dir.path, { 'source/work/': '', 'target/': '' })
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

interface Seen {
  readonly result: TaskResult
  readonly items: readonly PreviewItem[]
  readonly totals: PreviewTotals | undefined
  /** `action path why` of each item, sorted. */
  readonly lines: readonly string[]
}

/** What both sides look like. */
function everything(): string {
  const files = [...describeTree(source), ...describeTree(target)]
  return JSON.stringify([files, lstatSync(target, { bigint: true }).ctimeNs.toString()])
}

/** A dry run, which has to leave everything as it is and move nothing. */
async function preview(
  options: GivenOptions = {},
  [path, place]: readonly [string, string] = ['work', 'copy'],
  filters: { include?: string; exclude?: string } = {},
): Promise<Seen> {
  const before = everything()
  to.preview.length = 0
  const roots = { from: source, to: target, ...filters }
  const result = await copy(from, to, path, place, { ...roots, options: { ...options, dryRun: true } })
  expect(everything()).toBe(before)
  expect(result.sent).toBe(0)
  const items = to.preview.filter((line) => 'action' in line)
  const totals = to.preview.find((line) => 'totals' in line)?.totals
  const lines = items.map(({ action, path, why }) => `${action} ${path} ${why}`.trim()).sort()
  return { result, items, totals, lines }
}

describe('a dry run', () => {
  it('says what is new, changed and why, and left out; counts what is not; changes nothing', async () => {
    makeTree(source, {
      'work/same': 'same',
      'work/longer': 'longer',
      'work/newer': 'newer',
      'work/sub/new': 'new',
      'work/large': Buffer.alloc(3_000_000, 1),
    })
    makeTree(target, { 'copy/same': 'same', 'copy/longer': 'long', 'copy/newer': 'older', 'copy/old': 'old' })
    utimesSync(join(source, 'work/newer'), 1_800_000_000, 1_800_000_000)
    symlinkSync('same', join(source, 'work/link'))
    const { result, lines, totals } = await preview()
    expect(result).toMatchObject({ status: 'done', code: null })
    expect(lines).toEqual([
      'changed longer size',
      'changed newer time',
      'new large',
      'new sub/',
      'new sub/new',
      'skipped link W#J058',
    ])
    expect(totals).toMatchObject({
      new: { files: 2, directories: 1, bytes: 3_000_003 },
      changed: { files: 2, directories: 0, bytes: 11 },
      unchanged: { files: 1, directories: 1, bytes: 4 },
      deleted: { files: 0 },
      skipped: { files: 1 },
      failed: { files: 0 },
      unlisted: 0,
    })
  })

  it('makes no directory for the destination, wherever it is', async () => {
    makeTree(source, { 'work/a': 'a' })
    expect((await preview({}, ['work', 'x/y/z'])).lines).toEqual(['new', 'new a'])
    const outside = join(dir.path, 'outside/deep')
    to.preview.length = 0
    await copy(from, to, join(source, 'work'), outside, { options: { dryRun: true } })
    expect(to.preview).toHaveLength(3)
    expect(existsSync(join(dir.path, 'outside'))).toBe(false)
  })

  it('compares contents where the setting says so', async () => {
    const large = Buffer.alloc(5_000_000, 'waybill')
    const other = Buffer.from(large)
    other[4_900_000] = 0
    makeTree(source, { 'work/a': 'one', 'work/b': 'two', 'work/c': large, 'work/d': large })
    makeTree(target, { 'copy/a': 'one', 'copy/b': 'TWO', 'copy/c': large, 'copy/d': other })
    const { lines, totals } = await preview({ comparison: 'checksum' })
    expect(lines).toEqual(['changed b contents', 'changed d contents'])
    expect(totals?.unchanged).toEqual({ files: 2, directories: 1, bytes: 5_000_003 })
    expect((await preview({ comparison: 'size' })).lines).toEqual([])
    expect((await preview({ comparison: 'always' })).lines).toHaveLength(4)
    expect((await preview({ comparison: 'always', ignoreExisting: true })).lines).toEqual([])
  })

  it('tells of what stands in the way, and that nothing would be deleted then', async () => {
    makeTree(source, { 'work/a': 'a', 'work/dir/b': 'b', 'work/c': 'c' })
    makeTree(target, { 'copy/a/x': 'x', 'copy/dir': 'file', 'copy/gone': 'gone' })
    symlinkSync('elsewhere', join(target, 'copy/c'))
    const { result, lines } = await preview({ mode: 'onewaysync' })
    expect(lines).toEqual([
      'changed c kind',
      'failed a E#J057',
      'failed dir/ E#J057',
      'failed dir/b E#J057',
      'skipped  W#J059',
    ])
    // It could look at all of it.
    expect(result).toMatchObject({ status: 'done' })
  })

  it('counts each name of a file with several, and makes none of them', async () => {
    makeTree(source, { 'work/a': 'once', 'work/sub/other': 'x' })
    linkSync(join(source, 'work/a'), join(source, 'work/b'))
    linkSync(join(source, 'work/a'), join(source, 'work/sub/c'))
    makeTree(target, { 'copy/b': 'older' })
    const { result, lines } = await preview({ attributes: ['times', 'permissions', 'hardlinks'] })
    expect(result).toMatchObject({ status: 'done' })
    expect(lines).toEqual(['changed b size', 'new a', 'new sub/', 'new sub/c', 'new sub/other'])
  })

  it('fails as a run would when the source or a frame is not there, and says which', async () => {
    expect((await preview({}, ['gone', 'copy'])).result).toMatchObject({ status: 'failed', code: 'E#J001' })
    makeTree(source, { 'work/f.1.dpx': '1', 'work/f.3.dpx': '3' })
    const { result, lines } = await preview({}, ['work/f.%d.dpx[1-3]', 'copy'])
    expect(result).toMatchObject({ status: 'failed', code: 'E#J001' })
    expect(lines).toEqual(['failed  E#J001', 'new f.1.dpx', 'new f.3.dpx'])
  })

  it.skipIf(process.getuid?.() === 0)('fails where it cannot look at all of the source', async () => {
    makeTree(source, { 'work/closed/x': 'x' })
    chmodSync(join(source, 'work/closed'), 0)
    expect((await preview()).result).toMatchObject({ status: 'failed', code: 'E#J002' })
    chmodSync(join(source, 'work/closed'), 0o755)
  })

  it.each(['source', 'target'] as const)('moves nothing when only one side was told (%s)', async (told) => {
    makeTree(source, { 'work/a': 'a', 'work/b': Buffer.alloc(400_000) })
    const pair = await openPair(from, to)
    const task = makeTask('work', 'copy', { from: source, to: target })
    const dry = { ...task[told], options: { dryRun: true } }
    from.engine.tasks(pair.session, [told === 'source' ? dry : task.source])
    to.engine.tasks(pair.session, [told === 'target' ? dry : task.target])
    const result = await to.result(task.id)
    expect(result.sent).toBe(0)
    for (const name of ['a', 'b']) expect(existsSync(join(target, 'copy', name))).toBe(false)
  })

  it('foretells what one-way sync does, whatever the trees', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'x.tmp', 'd/a', 'd/b', 'd/x.tmp', 'e/f/a', 'e/f/g.tmp/h')
    const content = fc.constantFrom('1', '2', '22')
    const tree = fc.dictionary(name, content, { maxKeys: 8 })
    const filters = fc.constantFrom({}, { exclude: '*.tmp' }, { include: 'a' })
    await fc.assert(
      fc.asyncProperty(tree, tree, filters, fc.boolean(), async (there, here, filter, pipe) => {
        for (const [root, files] of [
          [join(source, 'work'), there],
          [join(target, 'copy'), here],
        ] as const) {
          rmSync(root, { recursive: true, force: true })
          mkdirSync(root, { recursive: true })
          makeTree(root, files)
          for (const file of Object.keys(files)) {
            const time = 1_600_000_000 + Number(files[file] === '2')
            utimesSync(join(root, file), time, time)
          }
        }
        if (pipe && existsSync(join(target, 'copy/d'))) execFileSync('mkfifo', [join(target, 'copy/d/pipe')])
        const { items, totals } = await preview({ mode: 'onewaysync' }, ['work', 'copy'], filter)
        const before = describeTree(join(target, 'copy'))
        const roots = { from: source, to: target, ...filter, options: { mode: 'onewaysync' } as const }
        const real = await copy(from, to, 'work', 'copy', roots)
        const after = describeTree(join(target, 'copy'))
        const of = (...actions: string[]) =>
          items.filter(({ action }) => actions.includes(action)).map(({ path }) => path)
        const gone = [...before.keys()].filter((path) => !after.has(path))
        expect(of('deleted').sort()).toEqual(gone.sort())
        const made = [...after.keys()].filter((path) => !before.has(path))
        expect(of('new').sort()).toEqual(made.sort())
        const isFile = (path: string) => !path.endsWith('/')
        const changed = [...after].filter(([path, at]) => isFile(path) && (before.get(path) ?? at) !== at)
        expect(of('changed').sort()).toEqual(changed.map(([path]) => path).sort())
        expect((totals?.new.bytes ?? 0) + (totals?.changed.bytes ?? 0)).toBe(real.sent)
        expect(real.status).toBe('done')
      }),
      { numRuns: 25 },
    )
  })

  it('lists all of a tree that is larger than any window, and has one sum', async () => {
    for (let i = 0; i < 6000; i++) writeFileSync(join(source, 'work', `file ${i}`), '')
    mkdirSync(join(source, 'work/sub'))
    writeFileSync(join(source, 'work/sub/b'), 'b')
    const { lines, totals } = await preview()
    expect(lines).toHaveLength(6003)
    expect(totals?.new).toEqual({ files: 6001, directories: 2, bytes: 1 })
  })
})
