import { chunkBytes, chunkCount, chunkLength } from '@waybill/asc'
// A CommonJS module whose names Node cannot see from outside: only the default import works everywhere.
import xxhash from 'xxhash-addon'

/** Reads one chunk of what was written so far, into `buffer`; rejects when it is not all there. */
export type ReadChunk = (index: number, buffer: Buffer) => Promise<void>

/** What may be kept of chunks that came too early, in all files of this thread together; bytes. */
const mostKept = 12 * 1024 * 1024
let kept = 0
/** Memory of what was kept, to be used again. */
const spare: Buffer[] = []

/** Bytes of zeros that are hashed before others get their turn. */
const zerosAtOnce = 64 * 1024 * 1024
const zeros = Buffer.alloc(64 * 1024)

/**
 * The xxh128 of a whole file whose chunks are written in any order. What comes in order is hashed as it is written;
 * what came too early is kept for its turn, as far as that is little, or else read back.
 */
export class WholeDigest {
  readonly #size: number
  #read: ReadChunk
  readonly #chunks: number
  #hasher = newHasher()
  /** The first chunk that is not hashed. */
  #next = 0
  #written: Uint8Array | undefined
  readonly #zeros = new Map<number, number>()
  readonly #early = new Map<number, Buffer>()
  #buffer: Buffer | undefined
  #reading: Promise<void> | undefined
  /** A chunk that was hashed already was written anew: all is to be read again. */
  #stale = false
  #closed = false

  constructor(size: number, read: ReadChunk) {
    this.#size = size
    this.#read = read
    this.#chunks = chunkCount(size)
  }

  /** From now on it is read in another way. */
  readBy(read: ReadChunk): void {
    this.#read = read
  }

  /**
   * A chunk of the file is on the disk, with this in it; `data` is valid during the call only. Of what will be read
   * much later anyway nothing is to be kept.
   */
  written(index: number, data: Buffer, keep = true): void {
    if (index === this.#next && this.#reading === undefined) {
      this.#hasher.update(data)
      this.#next++
    } else {
      this.#note(index, keep ? data : undefined)
    }
    this.#goOn()
  }

  /** Chunks that read as zeros. */
  zeros(start: number, count: number): void {
    if (start < this.#next) this.#stale = true
    this.#zeros.set(start, count)
    this.#goOn()
  }

  /** All is written: answers with the checksum, in hexadecimal digits. Rejects when what is there cannot be read. */
  async finish(): Promise<string> {
    await this.#reading
    if (this.#stale) {
      this.#hasher = newHasher()
      this.#next = 0
      this.#zeros.clear()
    }
    while (this.#next < this.#chunks) await this.#catchUp()
    return this.#hasher.digest().toString('hex')
  }

  /** Resolves when nothing is read any more, and nothing kept. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#reading
    for (const index of this.#early.keys()) this.#drop(index)
  }

  #note(index: number, data: Buffer | undefined): void {
    if (index < this.#next) {
      this.#stale = true
      return
    }
    this.#written ??= new Uint8Array(this.#chunks)
    this.#written[index] = 1
    this.#drop(index)
    if (data === undefined || this.#closed || kept + data.length > mostKept) return
    kept += data.length
    this.#early.set(index, copied(data))
  }

  /** Keeps it no longer; what is in its memory stays until the next is kept. */
  #drop(index: number): Buffer | undefined {
    const data = this.#early.get(index)
    if (data === undefined) return undefined
    this.#early.delete(index)
    kept -= data.length
    spare.push(Buffer.from(data.buffer))
    return data
  }

  #isReady(): boolean {
    return this.#zeros.has(this.#next) || this.#written?.[this.#next] === 1
  }

  #goOn(): void {
    if (this.#reading !== undefined || this.#closed) return
    while (this.#hashKept());
    if (!this.#isReady()) return
    this.#reading = this.#readOn().finally(() => {
      this.#reading = undefined
      this.#goOn()
    })
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#isReady() && !this.#isClosed()) await this.#catchUp()
    } catch {
      // `finish` reads it again, and says what is wrong.
      this.#stale = true
      this.#closed = true
    }
  }

  #isClosed(): boolean {
    return this.#closed
  }

  /** Hashes the next chunk if it was kept. */
  #hashKept(): boolean {
    if (this.#zeros.has(this.#next)) return false
    const data = this.#drop(this.#next)
    if (data === undefined) return false
    this.#hasher.update(data)
    this.#next++
    return true
  }

  async #catchUp(): Promise<void> {
    if (this.#hashKept()) return
    const run = this.#zeros.get(this.#next)
    if (run !== undefined) {
      this.#zeros.delete(this.#next)
      await this.#hashZeros(run)
      return
    }
    const length = chunkLength(this.#size, this.#next)
    this.#buffer ??= Buffer.allocUnsafeSlow(chunkBytes(this.#size))
    const data = this.#buffer.subarray(0, length)
    await this.#read(this.#next, data)
    this.#hasher.update(data)
    this.#next++
  }

  async #hashZeros(run: number): Promise<void> {
    let since = 0
    for (const end = this.#next + run; this.#next < end; this.#next++) {
      const length = chunkLength(this.#size, this.#next)
      for (let at = 0; at < length; at += zeros.length) {
        this.#hasher.update(zeros.subarray(0, Math.min(zeros.length, length - at)))
      }
      since += length
      if (since < zerosAtOnce) continue
      since = 0
      await new Promise(setImmediate)
    }
  }
}

function copied(data: Buffer): Buffer {
  const used = spare.pop()
  const memory = used !== undefined && used.length >= data.length ? used : Buffer.allocUnsafeSlow(data.length)
  return memory.subarray(0, data.copy(memory))
}

const seed = Buffer.alloc(8)

function newHasher() {
  return new xxhash.XXHash128(seed)
}
