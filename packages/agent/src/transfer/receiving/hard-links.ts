import { type BigIntStats, linkSync, lstatSync } from 'node:fs'
import { type BytePath, type Entry, type IncomingFile, type IncomingTask, joinPath } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import type { Committer } from '../commit/committer.js'
import { errno } from '../fault.js'
import { removeQuietly } from '../journal.js'
import type { Locks } from '../locks.js'
import { stateOf, targetOf } from '../target.js'
import { journalName, partName } from '../temporary.js'
import { sameTime } from '../times.js'
import { lockKey, type Placed } from './target-task.js'

interface LinkHost {
  readonly locks: Locks
  readonly committer: Committer
  /** The name is there now, or was. */
  linked(file: IncomingFile, known: Placed): void
  /** It cannot be linked, and is to be treated like any other file. */
  copy(file: IncomingFile): void
  failed(file: IncomingFile, error: unknown): void
}

/** Gives files that arrived the other names that they have at the source. */
export class HardLinks {
  readonly #host: LinkHost
  readonly #warned = new WeakSet<IncomingTask>()

  constructor(host: LinkHost) {
    this.#host = host
  }

  /** Makes `file` another name of what is at `first`, a path of the same task. Never rejects. */
  async make(file: IncomingFile, known: Placed, first: BytePath): Promise<void> {
    const target = targetOf(known.place, file.entry)
    const unlock = await this.#host.locks.take(lockKey(known.place, target))
    let copies = false
    try {
      if (file.dropped) return
      const made = link(file.entry, known, first)
      if (made === 'impossible') {
        copies = true
        this.#warn(file)
      } else {
        const error = made === 'there' ? undefined : await this.#commit(known, target)
        if (error !== undefined) this.#host.failed(file, error)
        else this.#host.linked(file, known)
      }
    } catch (error) {
      this.#host.failed(file, error)
    } finally {
      unlock()
    }
    if (copies && !file.dropped) this.#host.copy(file)
  }

  async #commit({ place, options }: Placed, target: BytePath): Promise<unknown> {
    const { tree } = place
    const part = partName(target)
    const error = await new Promise<unknown>((done) => {
      const yields = options.ignoreExisting
      this.#host.committer.add({ tree, part, target, durable: true, yields, done })
    })
    // A rename of one name of a file to another one of it leaves both.
    if (look(() => tree.at(part)) !== undefined) dropPart(() => removeQuietly(tree.at(part)))
    return error
  }

  #warn({ task, entry }: IncomingFile): void {
    if (this.#warned.has(task)) return
    this.#warned.add(task)
    task.note(entry.path, 'W#J060', 'Cannot be linked to the other names of its file, so it is copied')
  }
}

/** `made` is a link under the temporary name of the target. */
function link(entry: Entry, known: Placed, first: BytePath): 'there' | 'made' | 'impossible' {
  const { place, options } = known
  const { tree } = place
  const target = targetOf(place, entry)
  const state = stateOf(place, entry, options)
  const there = look(() => tree.at(target))
  if (options.ignoreExisting && state === 'current') return 'there'
  const original = joinPath(place.base, first)
  const source = look(() => tree.at(original))
  // Somebody may have been at it since it arrived.
  if (source === undefined || !isAsAnnounced(source, entry, known)) return 'impossible'
  if (there !== undefined && isSame(there, source)) return 'there'
  try {
    linkAs(tree, original, target)
  } catch {
    return 'impossible'
  }
  // The second path may have closed the directory that the first one led through.
  const made = look(() => tree.at(partName(target)))
  if (made !== undefined && isSame(made, source)) return 'made'
  dropPart(() => removeQuietly(tree.at(partName(target))))
  return 'impossible'
}

/** Links to the temporary name of `target`, whose directory is made if need be. */
function linkAs(tree: DirectoryTree, original: BytePath, target: BytePath): void {
  const part = partName(target)
  tree.at(part, true)
  try {
    linkSync(tree.at(original), tree.at(part))
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error
    // What an interrupted session left is of no use here.
    removeQuietly(tree.at(journalName(target)))
    removeQuietly(tree.at(part))
    linkSync(tree.at(original), tree.at(part))
  }
}

function isAsAnnounced(stat: BigIntStats, entry: Entry, { attributes }: Placed): boolean {
  if (!stat.isFile() || Number(stat.size) !== entry.size) return false
  return !attributes.times || sameTime(stat.mtimeNs, entry.mtime)
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

function look(at: () => string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(at(), { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function dropPart(remove: () => void): void {
  try {
    remove()
  } catch {
    // Its directory is not there any more.
  }
}
