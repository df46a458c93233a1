import type { Hash } from '../data-frames.js'
import type { Entry } from '../entries/entry.js'
import { extendedBytes } from '../entries/extended.js'
import type { Inode } from '../entries/links.js'
import type { ZeroDigests } from '../entries/zeros.js'
import { chunkBytes, chunkCount, chunkLength, digestBytes } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'

/** What a scan finds: an entry before it has its number. */
export type Found = Omit<Entry, 'id' | 'task' | 'link'> & { readonly inode?: Inode }

/** One chunk of a large file, to be read and sent over any connection. */
export interface ChunkWork {
  readonly kind: 'chunk'
  readonly file: OutgoingFile
  readonly index: number
  readonly offset: number
  readonly length: number
  /** It went as a patch that did not do: it is to be sent as it is, and counts no more. */
  readonly again: boolean
}

export interface ZerosRead {
  readonly runs: readonly { readonly start: number; readonly count: number; readonly missing: boolean }[]
  readonly last: boolean
}

/** A file that was announced and is not settled yet. */
export class OutgoingFile {
  readonly entry: Entry
  /** How often it was announced before, and changed while it was read. */
  readonly tries: number
  /** Bytes of extended attributes that the receiver keeps until it is settled; here they are not kept. */
  readonly weight: number
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
  readonly #again: number[] = []
  #read = 0

  constructor(entry: Entry, tries = 0) {
    this.weight = extendedBytes(entry.extended)
    this.entry = entry.extended === undefined ? entry : withoutExtended(entry)
    this.tries = tries
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
    const once = this.dropped ? undefined : this.#again.shift()
    const index = once ?? this.#nextChunk
    if (this.dropped || this.#differs || index >= chunkCount(size)) return undefined
    if (once === undefined) this.#nextChunk++
    return {
      kind: 'chunk',
      file: this,
      index,
      offset: index * chunkBytes(size),
      length: chunkLength(size, index),
      again: once !== undefined,
    }
  }

  /** What was taken was not read, and is to be taken anew. */
  rewind(): void {
    this.#nextChunk = 0
  }

  /** Chunk `index`, which was read before, is to be taken once more. */
  sendAgain(index: number): void {
    this.#again.push(index)
  }

  /** Whether a chunk still is what it was when it was read first. */
  isAsRead(index: number, digest: Buffer): boolean {
    return this.#digests?.subarray(index * digestBytes, (index + 1) * digestBytes).equals(digest) === true
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

  /** Takes chunks after `index` along, which was the last one to be taken, up to `count` together with it. */
  takeAlong(index: number, count: number): number {
    if (this.#nextChunk !== index + 1) return 1
    this.#nextChunk = Math.min(chunkCount(this.entry.size), index + count)
    return this.#nextChunk - index
  }

  /** Chunks of a hole, taken already: which of them the receiver lacks, and whether they were the last to be read. */
  zerosRead(index: number, count: number, digests: ZeroDigests): ZerosRead {
    const runs: { start: number; count: number; missing: boolean }[] = []
    let last = false
    for (let at = index; at < index + count; at++) {
      const outcome = this.chunkRead(at, digests.of(chunkLength(this.entry.size, at)))
      last = outcome.last
      const run = runs.at(-1)
      if (run?.missing === outcome.missing) run.count++
      else runs.push({ start: at, count: 1, missing: outcome.missing })
    }
    return { runs, last }
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

function withoutExtended({ extended: _, ...entry }: Entry): Entry {
  return entry
}
