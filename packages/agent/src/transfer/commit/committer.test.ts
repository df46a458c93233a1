import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryTree } from '../../platform/directory-tree.js'
import { Committer, type Disk } from './committer.js'
import { moveAll } from './moves.js'

let dir: string
let tree: DirectoryTree

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'commit-')))
  tree = new DirectoryTree(dir)
})
afterEach(() => {
  tree.close()
  rmSync(dir, { recursive: true })
})

/** A disk that loses at a power cut whatever was not flushed before, and knows when somebody relied on it. */
class LosingDisk implements Disk {
  flushes = 0
  syncs = 0
  /** Files whose bytes, and names, a power cut would leave. */
  readonly bytes = new Set<string>()
  readonly names = new Set<string>()
  readonly written = new Set<string>()
  readonly renamed = new Map<string, string>()
  broken: string[] = []

  constructor(
    private readonly canFlush: boolean = true,
    private readonly fails: (part: string) => boolean = () => false,
  ) {}

  async flush(): Promise<boolean> {
    this.flushes++
    const [written, renamed] = [[...this.written], [...this.renamed]]
    await new Promise(setImmediate)
    if (!this.canFlush) return false
    for (const part of written) this.bytes.add(part)
    for (const [part] of renamed) this.names.add(part)
    return true
  }

  async sync(path: string | Buffer, directory: boolean): Promise<void> {
    this.syncs++
    await new Promise(setImmediate)
    if (directory) for (const [part] of this.renamed) this.names.add(part)
    else this.bytes.add(String(path).slice(String(path).lastIndexOf('/') + 1))
  }

  expect(): void {
    // Nothing has to be made ready.
  }

  async move(
    _tree: DirectoryTree,
    moves: readonly { part: string; target: string }[],
  ): Promise<Map<number, unknown>> {
    const failed = new Map<number, unknown>()
    for (const [index, { part, target }] of moves.entries()) {
      if (!this.bytes.has(part)) this.broken.push(`${part} got its name before its bytes were safe`)
      if (this.fails(part)) failed.set(index, new Error('refused'))
      else this.renamed.set(part, target)
    }
    await new Promise(setImmediate)
    return failed
  }
}

function add(committer: Committer, disk: LosingDisk, name: string, durable = false): Promise<unknown> {
  disk.written.add(name)
  if (durable) disk.bytes.add(name)
  return new Promise((resolve) => {
    committer.add({
      tree,
      part: name,
      target: `${name}.done`,
      durable,
      yields: false,
      done: (error) => {
        if (error === undefined && !disk.names.has(name)) disk.broken.push(`${name} was done too early`)
        resolve(error)
      },
    })
  })
}

describe('committer', () => {
  it('settles nothing before bytes and name survive a power cut, whatever comes when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ files: fc.integer({ min: 1, max: 20 }), turns: fc.nat(6), durable: fc.boolean() }),
        ),
        fc.boolean(),
        fc.nat(7),
        async (waves, flushes, unlucky) => {
          const disk = new LosingDisk(flushes, (part) => Number(part) % 8 === unlucky)
          const committer = new Committer(disk, 1)
          const all: Promise<unknown>[] = []
          for (const { files, turns, durable } of waves) {
            for (let i = 0; i < files; i++) all.push(add(committer, disk, String(all.length), durable))
            for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
          }
          const outcomes = await Promise.all(all)
          await committer.idle()
          expect(disk.broken).toEqual([])
          expect(outcomes.map((error) => error === undefined)).toEqual(
            outcomes.map((_, index) => index % 8 !== unlucky),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('flushes once for a thousand files of one directory, and syncs that once', async () => {
    const disk = new LosingDisk()
    const committer = new Committer(disk, 1)
    await Promise.all(Array.from({ length: 1000 }, (_, index) => add(committer, disk, String(index))))
    expect([disk.flushes, disk.syncs]).toEqual([1, 1])
  })

  it('shares flushes between the files that come while others are flushed', async () => {
    const disk = new LosingDisk()
    const committer = new Committer(disk, 1)
    const all: Promise<unknown>[] = []
    for (let wave = 0; wave < 20; wave++) {
      for (let i = 0; i < 100; i++) all.push(add(committer, disk, String(all.length)))
      await new Promise(setImmediate)
    }
    await Promise.all(all)
    expect(disk.flushes).toBeLessThan(22)
  })
})

describe('moves', () => {
  it('yields to what is there, replaces it otherwise, and goes on after a failure', () => {
    mkdirSync(join(dir, 'taken'))
    mkdirSync(join(dir, 'taken', 'inside'))
    for (const name of ['a', 'b', 'c', 'there']) writeFileSync(join(dir, name), name)
    const failed = moveAll(tree, [
      { part: 'a', target: 'there', yields: true },
      { part: 'b', target: 'taken', yields: false },
      { part: 'c', target: 'there', yields: false },
      { part: 'missing', target: 'x', yields: false },
    ])
    expect([...failed.keys()]).toEqual([1, 3])
    expect(readdirSync(dir).sort()).toEqual(['b', 'taken', 'there'])
  })
})
