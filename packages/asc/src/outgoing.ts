import type { Hash } from './data-frames.js'
import type { Entry } from './frames.js'
import { chunkBytes, chunkCount, chunkLength, digestBytes } from './limits.js'
import { ProtocolError } from './protocol-error.js'

/** What a scan finds: an entry before it has its number. */
export type Found = Omit<Entry, 'id' | 'task'>

/** One chunk of a large file, to be read and sent over any connection. */
export interface ChunkWork {
  readonly kind: 'chunk'
  readonly file: OutgoingFile
  readonly index: number
  readonly offset: number
  readonly length: number
}

/** A file that was announced and is not settled yet. */
export class OutgoingFile {
  readonly entry: Entry
  /** It changed while it was read, and this is the second try. */
  readonly retried: boolean
  /** The receiver does not want it any more: whatever is under way for it is for nothing. */
  dropped = false
  /** The receiver has asked for it. */
  wanted = false
  #have: Map<number, Buffer> | undefined
  #digests: Buffer | undefined
  #nextChunk = 0
  #read = 0

  constructor(entry: Entry, retried: boolean) {
    this.entry = entry
    this.retried = retried
  }

  /** The receiver says that it holds these chunks already. */
  remember(start: number, digests: Buffer): void {
    const count = digests.length / digestBytes
    if (start + count > chunkCount(this.entry.size))
      throw new ProtocolError('limit', 'more chunks than the file has')
    this.#have ??= new Map()
    // A copy: the frame's memory is not ours.
    const kept = Buffer.from(digests)
    for (let i = 0; i < count; i++) {
      this.#have.set(start + i, kept.subarray(i * digestBytes, (i + 1) * digestBytes))
    }
  }

  /** The next chunk that nobody has taken yet. */
  takeChunk(): ChunkWork | undefined {
    const { size } = this.entry
    const index = this.#nextChunk
    if (this.dropped || index >= chunkCount(size)) return undefined
    this.#nextChunk++
    return {
      kind: 'chunk',
      file: this,
      index,
      offset: index * chunkBytes(size),
      length: chunkLength(size, index),
    }
  }

  /** A chunk was read: whether the receiver lacks it, and whether it was the last one to be read. */
  chunkRead(index: number, digest: Buffer): { readonly missing: boolean; readonly last: boolean } {
    const chunks = chunkCount(this.entry.size)
    this.#digests ??= Buffer.alloc(chunks * digestBytes)
    digest.copy(this.#digests, index * digestBytes)
    this.#read++
    const held = this.#have?.get(index)
    return { missing: held === undefined || !held.equals(digest), last: this.#read === chunks }
  }

  digest(hash: Hash): Buffer {
    return hash(this.#digests ?? Buffer.alloc(0))
  }
}
