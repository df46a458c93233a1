import { maxLinks } from '../limits.js'
import type { BytePath } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'
import type { IncomingFile, IncomingTask } from '../receiving/incoming.js'
import type { Link } from './entry.js'

/** A file of the sender's that has other names, too. */
export interface Inode {
  /** The same for all names of the file, and for no other file. */
  readonly key: string
  /** How many it has, wherever they are. */
  readonly names: number
}

/** The sender's memory of files with several names, until all of them were seen or their task is over. */
export class OutgoingLinks {
  readonly #tasks = new Map<number, Map<string, { readonly first: number; left: number }>>()
  /** Tasks of which something was not remembered, and whether that was told. */
  readonly #full = new Map<number, boolean>()
  #size = 0

  /** What to say of entry `id`; undefined when there is nothing to be said, or no room to remember it. */
  describe(task: number, id: number, { key, names }: Inode): Link | undefined {
    if (names < 2) return undefined
    let known = this.#tasks.get(task)
    const seen = known?.get(key)
    if (known !== undefined && seen !== undefined) {
      if (--seen.left === 0 && known.delete(key)) this.#size--
      return { first: seen.first, names }
    }
    if (this.#size >= maxLinks) {
      if (!this.#full.has(task)) this.#full.set(task, false)
      return undefined
    }
    if (known === undefined) {
      known = new Map()
      this.#tasks.set(task, known)
    }
    known.set(key, { first: id, left: names - 1 })
    this.#size++
    return { first: id, names }
  }

  /** Whether this is the first time for a task that something of it was not remembered. */
  isNewlyFull(task: number): boolean {
    if (this.#full.get(task) !== false) return false
    this.#full.set(task, true)
    return true
  }

  forget(task: number): void {
    this.#size -= this.#tasks.get(task)?.size ?? 0
    this.#tasks.delete(task)
    this.#full.delete(task)
  }
}

/** All names of one file of the sender's, as they arrive. */
export interface LinkGroup {
  /** A name that is in place. */
  path: BytePath | undefined
  /** While there is none, the file that is going to be it. */
  holder: IncomingFile | undefined
  /** Names that wait for it. */
  readonly waiting: IncomingFile[]
  /** Names that may still come. */
  left: number
  isReleasing: boolean
}

interface LinkOutput {
  check(file: IncomingFile): void
  link(file: IncomingFile, path: BytePath): void
}

/**
 * Sees to it that of the names of one file the first that makes it is copied, and the others are linked to it: they
 * wait until it is settled. Should it fail, the next one takes its part.
 */
export class IncomingLinks {
  readonly #out: LinkOutput
  #size = 0

  constructor(out: LinkOutput) {
    this.#out = out
  }

  /** An entry arrived: it is checked or linked now, or once the name before it is settled. */
  arrived(file: IncomingFile): void {
    const { link, id } = file.entry
    if (link === undefined) {
      this.#out.check(file)
    } else if (link.first === id) {
      if (this.#size >= maxLinks) throw new ProtocolError('limit', 'too many files with several names')
      this.#size++
      const group = { path: undefined, holder: file, waiting: [], left: link.names - 1, isReleasing: false }
      file.task.links.set(id, group)
      file.group = group
      this.#out.check(file)
    } else {
      const group = file.task.links.get(link.first)
      if (group === undefined) throw new ProtocolError('state', 'a link to a file that was never announced')
      if (--group.left === 0 && file.task.links.delete(link.first)) this.#size--
      file.group = group
      this.#place(file, group)
    }
  }

  /** A file is in its place, or not going to be. */
  settled(file: IncomingFile, there: boolean): void {
    const { group } = file
    if (group?.holder !== file) return
    group.holder = undefined
    if (there) group.path = file.entry.path
    if (group.isReleasing) return
    group.isReleasing = true
    while (!isHeld(group)) {
      const next = group.waiting.shift()
      if (next === undefined) break
      if (!next.dropped) this.#place(next, group)
    }
    group.isReleasing = false
  }

  forget(task: IncomingTask): void {
    this.#size -= task.links.size
    task.links.clear()
  }

  #place(file: IncomingFile, group: LinkGroup): void {
    if (group.path !== undefined) {
      this.#out.link(file, group.path)
    } else if (group.holder !== undefined) {
      group.waiting.push(file)
    } else {
      group.holder = file
      this.#out.check(file)
    }
  }
}

function isHeld(group: LinkGroup): boolean {
  return group.holder !== undefined
}
