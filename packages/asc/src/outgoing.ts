import type { Hash } from './data-frames.js'
import type { Entry } from './entries/entry.js'
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
  /** It is only read to be compared with what the receiver holds; nothing of it is sent. */
  comparing = false
  #differs = false
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
    if (this.dropped || this.#differs || index >= chunkCount(size)) return undefined
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
    const missing = this.#have?.get(index)?.equals(digest) !== true
    if (!this.comparing) return { missing, last: this.#read === chunks }
    // The first chunk that differs says all: no others are read, but for those under way.
    this.#differs ||= missing
    return { missing: false, last: this.#read === (this.#differs ? this.#nextChunk : chunks) }
  }

  /** The receiver has something to compare every chunk with. */
  get comparable(): boolean {
    return this.#have?.size === chunkCount(this.entry.size)
  }

  /** Ends a comparison; the file may then be asked for. Answers whether every chunk was the same. */
  compared(): boolean {
    const same = !this.#differs && this.#read === chunkCount(this.entry.size)
    this.comparing = false
    this.wanted = false
    this.#differs = false
    this.#have = undefined
    this.#digests = undefined
    this.#nextChunk = 0
    this.#read = 0
    return same
  }

  digest(hash: Hash): Buffer {
    return hash(this.#digests ?? Buffer.alloc(0))
  }
}
