import { maxOpenChunks, maxOpenExtended, maxOutstanding, smallFile } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import { IncomingFile, type IncomingTask } from '../receiving/incoming.js'
import type { Entry } from './entry.js'
import { extendedBytes } from './extended.js'

/** The entries that a sender announced and that are not settled, held to the bounds of the protocol. */
export class OpenFiles {
  readonly #files = new Map<number, IncomingFile>()
  readonly #counted = new Set<IncomingFile>()
  #lastId = 0
  #chunks = 0
  #extended = 0

  /** Ids grow by one; to be called for each entry, also one of a task that is over. */
  takeId(id: number): void {
    if (id !== this.#lastId + 1) throw new ProtocolError('state', 'entries out of order')
    this.#lastId = id
  }

  add(entry: Entry, task: IncomingTask): IncomingFile {
    if (this.#files.size >= maxOutstanding) throw new ProtocolError('limit', 'too many entries at a time')
    this.#extended += extendedBytes(entry.extended)
    if (this.#extended > maxOpenExtended) throw new ProtocolError('limit', 'too many attributes at a time')
    const file = new IncomingFile(entry, task)
    this.#files.set(entry.id, file)
    task.open.add(file)
    return file
  }

  /** The file of an id; undefined when it was settled meanwhile. */
  live(id: number): IncomingFile | undefined {
    if (id > this.#lastId) throw new ProtocolError('state', 'data of an entry that was never announced')
    return this.#files.get(id)
  }

  /** The large file that chunks of `id` belong to, if it is still open. */
  chunked(id: number): IncomingFile | undefined {
    const file = this.live(id)
    if (file === undefined) return undefined
    if (file.state !== 'wanted') throw new ProtocolError('state', 'a chunk that was not asked for')
    if (file.entry.size < smallFile) throw new ProtocolError('state', 'a chunk of a small file')
    if (!this.#counted.has(file)) this.#count(file)
    return file
  }

  /** It is settled, or its task is over. */
  drop(file: IncomingFile): void {
    file.dropped = true
    if (this.#files.delete(file.entry.id)) this.#extended -= extendedBytes(file.entry.extended)
    if (this.#counted.delete(file)) this.#chunks -= file.chunks
  }

  /** A peer that begins many huge files would have us keep digests without end. */
  #count(file: IncomingFile): void {
    this.#counted.add(file)
    this.#chunks += file.chunks
    if (this.#chunks > maxOpenChunks) throw new ProtocolError('limit', 'too many chunks at a time')
  }
}
