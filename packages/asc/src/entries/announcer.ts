import { entriesBytes } from '../limits.js'
import type { BytePath } from '../paths.js'
import type { Found } from '../sending/outgoing.js'
import { type Entry, entryLength } from './entry.js'
import { OutgoingLinks } from './links.js'

/** Makes entries of what a scan finds, with their numbers. */
export class Announcer {
  readonly #links = new OutgoingLinks()
  readonly #note: (task: number, path: BytePath, code: string, message: string) => void
  /** The number of the last entry. */
  lastId = 0

  constructor(note: (task: number, path: BytePath, code: string, message: string) => void) {
    this.#note = note
  }

  /** The entries, as many at a time as go into one frame. */
  *batches(task: number, found: readonly Found[]): Generator<Entry[]> {
    let entries: Entry[] = []
    let bytes = 0
    for (const item of found) {
      const entry = this.#entry(task, item)
      const length = entryLength(entry)
      if (bytes + length > entriesBytes && entries.length > 0) {
        yield entries
        entries = []
        bytes = 0
      }
      entries.push(entry)
      bytes += length
    }
    if (entries.length > 0) yield entries
  }

  /** The task is over. */
  forget(task: number): void {
    this.#links.forget(task)
  }

  #entry(task: number, { inode, ...found }: Found): Entry {
    const id = ++this.lastId
    if (inode === undefined) return { id, task, ...found }
    const link = this.#links.describe(task, id, inode)
    if (link !== undefined) return { id, task, ...found, link }
    if (this.#links.isNewlyFull(task)) {
      this.#note(task, found.path, 'W#J060', 'Too many files with several names: the others are copied')
    }
    return { id, task, ...found }
  }
}
