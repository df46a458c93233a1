import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
  mkdirSync(source)
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

describe('a copy', () => {
  it('moves a small file', async () => {
    writeFileSync(join(source, 'a.txt'), 'hello')
    const result = await copy(from, to, join(source, 'a.txt'), join(target, 'b.txt'))
    expect(result).toMatchObject({ status: 'done', size: 5, sent: 5, skipped: 0, files: 1, code: null })
    expect(readFileSync(join(target, 'b.txt'), 'utf8')).toBe('hello')
  })

  it.each([
    ['send', 'aes128', 1],
    ['receive', 'aes256', 4],
  ] as const)(
    'moves a large file when the side that listens is to %s',
    async (listener, cipher, connections) => {
      const size = 20_000_001
      writeFileSync(join(source, 'big'), randomBytes(size))
      const options = { listener, cipher, connections }
      const result = await copy(from, to, join(source, 'big'), join(target, 'big'), options)
      expect(result).toMatchObject({ status: 'done', size, sent: size, files: 1 })
      expect(readFileSync(join(target, 'big')).equals(readFileSync(join(source, 'big')))).toBe(true)
      expect(readdirSync(target)).toEqual(['big'])
      const [end] = [...from.ends.values()]
      expect(end?.cipher).toBe(cipher === 'aes128' ? 'AES-128-GCM' : 'AES-256-GCM')
    },
  )

  it('makes an equal tree, whatever the names, sizes and times', async () => {
    makeTree(source, {
      'empty-file': '',
      'empty-dir/': '',
      'with space/ü🎬/new\nline': 'x',
      ['n'.repeat(255)]: 'long',
      'a/b/c/d/e/f/deep.txt': 'deep',
      'middle.bin': randomBytes(700_000),
      'large.bin': randomBytes(9_000_000),
      'zeros.bin': Buffer.alloc(3_000_000),
      'back\\slash "quote" $(x)': 'y',
      '-rf': 'z',
    })
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0xfe, 0xe4])]), 'bytes')
    for (let i = 0; i < 600; i++) makeTree(source, { [`many/${i % 7}/${i}`]: String(i) })
    utimesSync(join(source, 'a/b'), 1_600_000_000, 1_600_000_000)
    utimesSync(source, 1_500_000_000, 1_500_000_000)
    const result = await copy(from, to, source, target)
    expect(result).toMatchObject({ status: 'done', code: null, details: [] })
    expect(describeTree(target)).toEqual(describeTree(source))
    expect(statSync(target).mtimeMs).toBe(statSync(source).mtimeMs)
    expect(result.files).toBe([...describeTree(source).keys()].filter((path) => !path.endsWith('/')).length)
  })

  it('skips what is there already, and replaces what differs', async () => {
    makeTree(source, { same: 'same', 'dir/older': 'new', 'big.bin': randomBytes(1_000_000) })
    await copy(from, to, source, target)
    writeFileSync(join(target, 'dir/older'), 'something else')
    const result = await copy(from, to, source, target)
    expect(result).toMatchObject({ status: 'done', sent: 3, skipped: 1_000_004, files: 3 })
    expect(describeTree(target)).toEqual(describeTree(source))
  })

  it('keeps a sparse file sparse', async () => {
    writeFileSync(join(source, 'sparse'), 'begin')
    truncateSync(join(source, 'sparse'), 64 * 1024 * 1024)
    await copy(from, to, join(source, 'sparse'), join(target, 'sparse'))
    expect(statSync(join(target, 'sparse'))).toMatchObject({ size: 64 * 1024 * 1024 })
    expect(statSync(join(target, 'sparse')).blocks).toBeLessThan(8192)
  })

  it('sends the frames of a sequence and names the gaps', async () => {
    for (const frame of [100, 101, 103, 106]) makeTree(source, { [`movie.0${frame}.jpg`]: String(frame) })
    const path = join(source, 'movie.%04d.jpg[100-106]')
    const result = await copy(from, to, path, target)
    expect(readdirSync(target).sort()).toEqual(readdirSync(source).sort())
    expect(result).toMatchObject({ status: 'failed', code: 'E#J001', files: 4 })
    expect(result.message).toContain('102,104-105')
  })

  it('leaves out what filters say', async () => {
    makeTree(source, { 'a.mov': '1', 'a.tmp': '2', 'cache/x.mov': '3', 'keep/b.mov': '4' })
    await copy(from, to, source, target, { exclude: '*.tmp,cache' })
    expect([...describeTree(target).keys()].sort()).toEqual(['a.mov', 'keep/', 'keep/b.mov'])
  })

  it('runs many tasks, with failing ones among them', async () => {
    const pair = await openPair(from, to, { connections: 2 })
    const tasks = Array.from({ length: 50 }, (_, i) => {
      if (i % 10 !== 3) makeTree(source, { [`f${i}`]: `content ${i}` })
      return makeTask(`f${i}`, `out/f${i}`, { from: source, to: dir.path })
    })
    from.engine.tasks(
      pair.session,
      tasks.map((task) => task.source),
    )
    to.engine.tasks(
      pair.session,
      tasks.map((task) => task.target),
    )
    from.engine.finish(pair.session)
    to.engine.finish(pair.session)
    expect(await to.ended(pair.session)).toMatchObject({ reason: 'finished' })
    expect(await from.ended(pair.session)).toMatchObject({ reason: 'finished' })
    expect(to.results).toHaveLength(50)
    for (const [i, task] of tasks.entries()) {
      const { status, code } = await to.result(task.id)
      expect([status, code]).toEqual(i % 10 === 3 ? ['failed', 'E#J001'] : ['done', null])
      expect(existsSync(join(dir.path, `out/f${i}`))).toBe(i % 10 !== 3)
    }
  })
})

describe('measuring', () => {
  it('counts files, trees, sequences and what is missing', async () => {
    makeTree(source, { 'a/1': '12345', 'a/b/2': '123', 's.01.dpx': 'x', 's.02.dpx': 'xy' })
    const item = (path: string) => ({ location: { root: source, path }, include: '', exclude: '' })
    const paths = ['a', 'a/1', 's.%02d.dpx[1-2]', 'nothing', '../source/a']
    expect(await from.engine.measure(paths.map(item))).toMatchObject([
      { kind: 'directory', size: 8, files: 2 },
      { kind: 'file', size: 5, files: 1 },
      { kind: 'sequence', size: 3, files: 2 },
      { kind: 'missing', code: 'E#J001' },
      { kind: 'missing', code: 'E#J006' },
    ])
  })
})
