import { setTimeout as pause } from 'node:timers/promises'
import { parentPath } from '@waybill/asc'
import type { FsPath } from '../../platform/directories.js'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { flushFileSystem, syncPath } from '../../platform/durability.js'
import { expectMoves, moveParts } from './mover.js'
import type { Move } from './moves.js'

/** A part that is complete and waits to get its name. */
export interface Commit extends Move {
  readonly tree: DirectoryTree
  /** Its bytes are on the disk already. */
  readonly durable: boolean
  /** Called once it is in its place for good, or with what went wrong. */
  done(error: unknown): void
}

/** What a committer asks of the disk. */
export interface Disk {
  /** See `flushFileSystem`. */
  flush(directory: FsPath): Promise<boolean>
  /** See `syncPath`. */
  sync(path: FsPath, directory: boolean): Promise<void>
  /** See `expectMoves`. */
  expect(moves: number): void
  /** See `moveParts`. */
  move(tree: DirectoryTree, moves: readonly Move[]): Promise<Map<number, unknown>>
}

const realDisk: Disk = { flush: flushFileSystem, sync: syncPath, expect: expectMoves, move: moveParts }

/** From this many files or directories on, one flush of the file system is cheaper than a sync of each. */
const flushFrom = 8
/** So many do not wait for more of them. */
const enough = 1000
/** Groups of several files begin no sooner after one another: a flush costs the same for many; milliseconds. */
const gatherMs = 50

/**
 * Gives finished parts their names, in groups: sync, rename, sync the directories, and only then `done`. One
 * group is under way at a time and the next gathers meanwhile, so that ten thousand small files cost a few
 * flushes, and a single one waits for nothing. While there is more to do, the flush of the next group's data
 * is also the sync of the last group's directories.
 */
export class Committer {
  readonly #disk: Disk
  readonly #gatherMs: number
  #waiting: Commit[] = []
  /** In place, but their directories are not synced yet. */
  #renamed: Commit[] = []
  #running = false
  #began = Number.NEGATIVE_INFINITY
  #idle: (() => void)[] = []

  constructor(disk: Disk = realDisk, gather: number = gatherMs) {
    this.#disk = disk
    this.#gatherMs = gather
  }

  add(commit: Commit): void {
    this.#waiting.push(commit)
    if (this.#running) return
    this.#running = true
    // A little later, so that what arrives together is one group.
    setImmediate(() => void this.#run())
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    if (!this.#running) return
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve)
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#renamed.length > 0) {
      await this.#gather()
      const group = this.#waiting.splice(0)
      if (group.length === 0) await this.#settleRenamed()
      else await this.#commit(group)
    }
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** What comes over a line comes little by little: a group is worth its flush. */
  async #gather(): Promise<void> {
    const rest = this.#began + this.#gatherMs - performance.now()
    const { length } = this.#waiting
    if (rest > 0 && length >= flushFrom && length < enough) await pause(rest)
    this.#began = performance.now()
  }

  async #commit(group: readonly Commit[]): Promise<void> {
    const volatile = group.filter(({ durable }) => !durable)
    const failed = new Map<Commit, unknown>()
    const last = this.#renamed.splice(0)
    this.#disk.expect(group.length)
    if (volatile.length >= flushFrom && (await flushAll(this.#disk, [...volatile, ...last]))) {
      for (const commit of last) commit.done(undefined)
    } else {
      this.#renamed.push(...last)
      await syncEach(this.#disk, volatile, failed, (commit) => commit.tree.at(commit.part), false)
    }
    await rename(
      this.#disk,
      group.filter((commit) => !failed.has(commit)),
      failed,
    )
    for (const commit of group) {
      if (failed.has(commit)) commit.done(failed.get(commit))
      else this.#renamed.push(commit)
    }
  }

  async #settleRenamed(): Promise<void> {
    const commits = this.#renamed.splice(0)
    const failed = new Map<Commit, unknown>()
    const directories = new Map<DirectoryTree, Map<string, Commit[]>>()
    for (const commit of commits) {
      const ofTree = directories.get(commit.tree) ?? new Map<string, Commit[]>()
      directories.set(commit.tree, ofTree)
      const path = parentPath(commit.target)
      const there = ofTree.get(path)
      if (there === undefined) ofTree.set(path, [commit])
      else there.push(commit)
    }
    const groups = [...directories.values()].flatMap((ofTree) => [...ofTree.values()])
    const firsts = groups.flatMap((group) => group.slice(0, 1))
    if (firsts.length < flushFrom || !(await flushAll(this.#disk, firsts))) {
      await syncEach(this.#disk, firsts, failed, directoryOf, true)
    }
    for (const group of groups) {
      const error = group[0] === undefined ? undefined : failed.get(group[0])
      for (const commit of group) commit.done(error)
    }
  }
}

async function rename(disk: Disk, commits: readonly Commit[], failed: Map<Commit, unknown>): Promise<void> {
  for (const [tree, ofTree] of byTree(commits)) {
    const moves = ofTree.map(({ part, target, yields }) => ({ part, target, yields }))
    for (const [index, error] of await disk.move(tree, moves)) {
      const commit = ofTree[index]
      if (commit !== undefined) failed.set(commit, error)
    }
  }
}

function byTree(commits: readonly Commit[]): Map<DirectoryTree, Commit[]> {
  const trees = new Map<DirectoryTree, Commit[]>()
  for (const commit of commits) {
    const known = trees.get(commit.tree)
    if (known === undefined) trees.set(commit.tree, [commit])
    else known.push(commit)
  }
  return trees
}

function directoryOf(commit: Commit): FsPath {
  return commit.tree.directory(parentPath(commit.target)).self()
}

async function syncEach(
  disk: Disk,
  commits: readonly Commit[],
  failed: Map<Commit, unknown>,
  pathOf: (commit: Commit) => FsPath,
  directory: boolean,
): Promise<void> {
  for (const commit of commits) {
    try {
      await disk.sync(pathOf(commit), directory)
    } catch (error) {
      failed.set(commit, error)
    }
  }
}

/** Flushes the file systems of all these; false when that cannot be had. */
async function flushAll(disk: Disk, commits: readonly Commit[]): Promise<boolean> {
  const devices = new Map<string, Commit>()
  for (const commit of commits) {
    try {
      devices.set(commit.tree.directory(parentPath(commit.target)).device, commit)
    } catch {
      return false
    }
  }
  for (const commit of devices.values()) {
    try {
      if (!(await disk.flush(directoryOf(commit)))) return false
    } catch {
      return false
    }
  }
  return true
}
