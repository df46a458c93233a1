import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { GivenOptions } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { makeTree } from './tree.fixture.js'

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string
const mib = 1024 * 1024
const isRoot = process.getuid?.() === 0

beforeEach(() => {
  from = new Side()
  to = new Side()
  dir = temporaryDirectory()
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  mkdirSync(source)
  mkdirSync(target)
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

const run = async (options: GivenOptions) =>
  await copy(from, to, '', '', { from: source, to: target, options })
const read = (name: string) => readFileSync(join(target, name), 'utf8')

/** A file at both ends with times that many seconds apart: the source's is the later one when positive. */
function both(name: string, here: string | Buffer, there: string | Buffer, later: number): void {
  writeFileSync(join(source, name), here)
  writeFileSync(join(target, name), there)
  utimesSync(join(source, name), 1_700_000_000 + later, 1_700_000_000 + later)
  utimesSync(join(target, name), 1_700_000_000, 1_700_000_000)
}

describe('comparison', () => {
  // Each column: same size and time, same size but newer at the source, or older there; another size, newer or older.
  it.each<[NonNullable<GivenOptions['comparison']>, string]>([
    ['size_mtime', 'keep take take take take'],
    ['size', 'keep keep keep take take'],
    ['newer', 'keep take keep take keep'],
    ['checksum', 'take take take take take'],
    ['always', 'take take take take take'],
  ])('%s', async (comparison, expected) => {
    both('1', 'aaa', 'bbb', 0)
    both('2', 'aaa', 'bbb', 60)
    both('3', 'aaa', 'bbb', -60)
    both('4', 'aaaa', 'bbb', 60)
    both('5', 'aaaa', 'bbb', -60)
    expect(await run({ comparison })).toMatchObject({ status: 'done', files: 5 })
    const found = ['1', '2', '3', '4', '5'].map((name) => (read(name).startsWith('a') ? 'take' : 'keep'))
    expect(found.join(' ')).toBe(expected)
  })

  it('checksum sends nothing of what is the same, whatever its time, and all of what is not', async () => {
    const large = randomBytes(3 * mib + 17)
    const other = Buffer.from(large)
    other[2 * mib] = (other[2 * mib] ?? 0) ^ 1
    both('same', 'same', 'same', 60)
    both('large', large, large, -60)
    both('changed', large, other, 0)
    both('empty', '', '', 60)
    const result = await run({ comparison: 'checksum' })
    expect(result).toMatchObject({ status: 'done', files: 4, sent: large.length, skipped: large.length + 4 })
    expect(readFileSync(join(target, 'changed')).equals(large)).toBe(true)
    expect(statSync(join(target, 'same')).mtimeMs).toBe(1_700_000_000_000)
  })

  it('checksum works for hundreds of files, some of them in the way', async () => {
    for (let i = 0; i < 300; i++)
      both(`f${i}`, `content ${i}`, i % 3 === 0 ? `CONTENT ${i}` : `content ${i}`, 5)
    symlinkSync('/etc/hostname', join(target, 'link'))
    makeTree(source, { link: 'a file' })
    const result = await run({ comparison: 'checksum' })
    expect(result).toMatchObject({ status: 'done', files: 301 })
    for (let i = 0; i < 300; i++) expect(read(`f${i}`)).toBe(`content ${i}`)
    expect(lstatSync(join(target, 'link')).isFile()).toBe(true)
  })
})

it('existing files are left alone, whatever is in them', async () => {
  both('old', 'new content', 'as it was', 60)
  makeTree(source, { fresh: 'fresh', link: 'x', big: randomBytes(2 * mib) })
  symlinkSync('nowhere', join(target, 'link'))
  const result = await run({ ignoreExisting: true })
  expect(result).toMatchObject({ status: 'done', files: 4, sent: 5 + 2 * mib })
  expect([read('old'), read('fresh')]).toEqual(['as it was', 'fresh'])
  expect(lstatSync(join(target, 'link')).isSymbolicLink()).toBe(true)
})

it('a file that appears while it is sent stays, where existing ones are left alone', async () => {
  writeFileSync(join(source, 'big'), randomBytes(12 * mib))
  const pair = await openPair(from, to, { rate: 8 * mib })
  const task = makeTask('big', 'big', { from: source, to: target, options: { ignoreExisting: true } })
  from.engine.tasks(pair.session, [task.source])
  to.engine.tasks(pair.session, [task.target])
  await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) > 0 ? true : undefined))
  writeFileSync(join(target, 'big'), 'mine')
  from.engine.rate(pair.session, -1)
  expect((await to.result(task.id)).status).toBe('done')
  expect(readdirSync(target)).toEqual(['big'])
  expect(read('big')).toBe('mine')
})

describe('resuming', () => {
  /** Breaks a copy of 6 MiB off, and answers with what is left at the receiver. */
  async function interrupted(resumeFrom: number | null): Promise<string[]> {
    writeFileSync(join(source, 'big'), randomBytes(6 * mib))
    const pair = await openPair(from, to, { rate: 8 * mib })
    const task = makeTask('big', 'big', { from: source, to: target, options: { resumeFrom } })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) >= 2 * mib ? true : undefined))
    await to.engine.stop(pair.session, 'enough')
    return readdirSync(target)
  }

  it('goes by the size that was asked for', async () => {
    expect(await interrupted(mib)).toHaveLength(2)
    const result = await run({ resumeFrom: mib })
    expect(result.status).toBe('done')
    expect(result.skipped).toBeGreaterThanOrEqual(mib)
  })

  it.each([7 * mib, null])('leaves nothing behind when it is not wanted (%s)', async (resumeFrom) => {
    expect(await interrupted(resumeFrom)).toEqual([])
    expect(await run({ resumeFrom })).toMatchObject({ status: 'done', skipped: 0 })
  })
})

describe('attributes', () => {
  beforeEach(() => {
    makeTree(source, { 'd/small': 'small', 'd/large': randomBytes(mib) })
    for (const name of ['d/small', 'd/large']) chmodSync(join(source, name), 0o751)
    chmodSync(join(source, 'd'), 0o710)
    utimesSync(join(source, 'd'), 1_600_000_000, 1_600_000_000)
  })
  /** What a new file gets of a mode here. */
  const usualMode = (mode: number) => {
    const path = join(dir.path, `mode ${mode}`)
    writeFileSync(path, '', { mode })
    return (statSync(path).mode & 0o7777).toString(8)
  }
  const modeOf = (name: string) => (statSync(join(target, name)).mode & 0o7777).toString(8)

  it('are times and permissions under the umask unless something else is asked for', async () => {
    await run({})
    expect([modeOf('d/small'), modeOf('d/large')]).toEqual([usualMode(0o751), usualMode(0o751)])
    expect(statSync(join(target, 'd')).mtimeMs).toBe(1_600_000_000_000)
  })

  it('may be none', async () => {
    await run({ attributes: [] })
    expect([modeOf('d/small'), modeOf('d/large')]).toEqual([usualMode(0o666), usualMode(0o666)])
    expect(statSync(join(target, 'd')).mtimeMs).toBeGreaterThan(1_700_000_000_000)
    expect(statSync(join(target, 'd/small')).mtimeMs).toBeGreaterThan(1_700_000_000_000)
  })

  it('mode is exact, also of what can then not be written, without bits that run as somebody else', async () => {
    chmodSync(join(source, 'd/small'), 0o4444)
    chmodSync(join(source, 'd/large'), 0o277)
    expect(await run({ attributes: ['times', 'mode'] })).toMatchObject({ status: 'done', details: [] })
    expect([modeOf('d/small'), modeOf('d/large'), modeOf('d')]).toEqual(['444', '277', '710'])
    // A second time over the same.
    expect(await run({ attributes: ['mode'], comparison: 'always' })).toMatchObject({ status: 'done' })
  })

  it.runIf(isRoot)('owner goes by number where the name is not known', async () => {
    for (const name of ['d', 'd/small', 'd/large']) chownSync(join(source, name), 54_321, 1)
    expect(await run({ attributes: ['owner'] })).toMatchObject({ status: 'done', details: [] })
    for (const name of ['d', 'd/small', 'd/large']) {
      expect(statSync(join(target, name))).toMatchObject({ uid: 54_321, gid: 1 })
    }
  })
})

describe.runIf(isRoot)('reserved space', () => {
  beforeEach(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', target]))
  afterEach(() => execFileSync('umount', ['-l', target]))

  it.each<NonNullable<GivenOptions['reserve']>>([
    { kind: 'bytes', bytes: 8 * mib },
    { kind: 'part', part: 0.5 },
  ])('of $kind stays free', async (reserve) => {
    makeTree(source, { a: 'a', huge: randomBytes(9 * mib), fits: randomBytes(3 * mib), z: 'z' })
    const result = await run({ reserve })
    expect(result).toMatchObject({ status: 'failed', code: 'E#J066', files: 3 })
    expect(readdirSync(target).sort()).toEqual(['a', 'fits', 'z'])
    expect(result.details.map(({ path }) => path)).toEqual(['huge'])
  })

  it('counts what is on its way', async () => {
    for (let i = 0; i < 8; i++) makeTree(source, { [`f${i}`]: randomBytes(2 * mib) })
    const result = await run({ reserve: { kind: 'bytes', bytes: 7 * mib } })
    expect(result).toMatchObject({ status: 'failed', code: 'E#J066' })
    const free = Number(execFileSync('df', ['--output=avail', '-B1', target]).toString().split('\n')[1])
    expect(free).toBeGreaterThanOrEqual(7 * mib)
    expect(result.files).toBeGreaterThanOrEqual(3)
  })
})

it.each([
  ["re('^A', 'I')", ['B1', 'a1']],
  ["re('^A')", ['B1']],
  ["re('1$'),x\\,*", []],
  ["re('[')", undefined],
  ["re('((a{1,500}){1,500})+$')", undefined],
])('filter %s leaves %j', async (exclude, left) => {
  makeTree(source, { A1: 'x', a1: 'y', B1: 'z', 'x,y': '' })
  const result = await copy(from, to, '', '', { from: source, to: target, exclude })
  expect(result.status).toBe(left === undefined ? 'failed' : 'done')
  if (left !== undefined) {
    const kept = readdirSync(target).filter((name) => name !== 'x,y')
    expect(kept.sort()).toEqual(left)
  }
})
