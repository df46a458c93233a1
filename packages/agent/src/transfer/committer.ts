import { renameSync } from 'node:fs'
import { parentPath } from '@waybill/asc'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { flushFileSystem, syncPath } from '../platform/durability.js'

/** A part that is complete and waits to get its name. */
export interface Commit {
  readonly tree: DirectoryTree
  readonly part: string
  readonly target: string
  /** Its bytes are on the disk already. */
  readonly durable: boolean
  /** Called once it is in its place for good, or with what went wrong. */
  done(error: unknown): void
}

/** From this many files or directories on, one flush of the file system is cheaper than a sync of each. */
const flushFrom = 8

/**
 * Gives finished parts their names, in groups: sync, rename, sync the directories, and only then `done`. One
 * group is under way at a time and the next gathers meanwhile, so that ten thousand small files cost a few
 * flushes, and a single one waits for nothing.
 */
export class Committer {
  #waiting: Commit[] = []
  #running = false
  #idle: (() => void)[] = []

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
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await commitGroup(group)
    }
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

async function commitGroup(group: readonly Commit[]): Promise<void> {
  const failed = new Map<Commit, unknown>()
  await flush(
    group.filter(({ durable }) => !durable),
    failed,
    (commit) => commit.tree.at(commit.part),
    false,
  )
  const directories = new Map<string, Commit>()
  const ids = new Map<DirectoryTree, number>()
  for (const commit of group) {
    if (failed.has(commit)) continue
    try {
      renameSync(commit.tree.at(commit.part), commit.tree.at(commit.target))
      const id = ids.get(commit.tree) ?? ids.size
      ids.set(commit.tree, id)
      directories.set(`${id}/${parentPath(commit.target)}`, commit)
    } catch (error) {
      failed.set(commit, error)
    }
  }
  await flush([...directories.values()], failed, directoryOf, true)
  for (const commit of group) commit.done(failed.get(commit))
}

function directoryOf(commit: Commit) {
  return commit.tree.directory(parentPath(commit.target)).self()
}

/** Makes some files, or directories, durable: each by itself when they are few, else their file systems. */
async function flush(
  commits: readonly Commit[],
  failed: Map<Commit, unknown>,
  pathOf: (commit: Commit) => string | Buffer,
  directory: boolean,
): Promise<void> {
  if (commits.length >= flushFrom && (await flushAll(commits))) return
  for (const commit of commits) {
    try {
      await syncPath(pathOf(commit), directory)
    } catch (error) {
      failed.set(commit, error)
    }
  }
}

async function flushAll(commits: readonly Commit[]): Promise<boolean> {
  const devices = new Map<string, Commit>()
  for (const commit of commits) {
    try {
      devices.set(commit.tree.directory(parentPath(commit.target)).device, commit)
    } catch {
      return false
    }
  }
  for (const commit of devices.values()) {
    if (!(await flushFileSystem(directoryOf(commit)))) return false
  }
  return true
}
