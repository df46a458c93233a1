import { blockBytes } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import { type BlockSizes, blockSizes } from './cutter.js'

/** Blocks that one frame brings at most. */
export const blockRun = 8192

/** Blocks that room is made for at first; it doubles as they come, never with what a peer claims. */
const firstRoom = 4096

/**
 * The blocks of the file that the receiver has, found by their digests. Typed arrays all through: 24 bytes a
 * block, so some tens of megabytes for the largest of files.
 */
export class BlockIndex {
  /** Length of the older file, as the receiver says. */
  readonly size: number
  readonly sizes: BlockSizes
  #count = 0
  /** Where each block begins; one more than there are blocks. */
  #starts = new Float64Array(firstRoom + 1)
  #low = new Int32Array(firstRoom)
  #high = new Int32Array(firstRoom)
  /** Open addressing: number of the block plus one, 0 is free. */
  #table = new Int32Array(firstRoom * 2)
  readonly #factors = { low: oddNumber(), high: oddNumber() }

  constructor(size: number) {
    this.size = size
    this.sizes = blockSizes(size)
  }

  /** Whether the blocks that came make up the whole file. */
  get complete(): boolean {
    return this.#end === this.size
  }

  /** The next blocks of the file. What cannot be a block of it is a protocol error. */
  add(blocks: Buffer): void {
    for (let at = 0; at < blocks.length; at += blockBytes) {
      const length = blocks.readUInt32LE(at)
      const end = this.#end + length
      const whole = length >= this.sizes.min && length <= this.sizes.max && end <= this.size
      if (!whole && (length === 0 || length > this.sizes.max || end !== this.size)) {
        throw new ProtocolError('limit', 'a block of an older file has a length that cannot be')
      }
      if (this.#count === this.#low.length) this.#grow()
      this.#low[this.#count] = blocks.readInt32LE(at + 4)
      this.#high[this.#count] = blocks.readInt32LE(at + 8)
      this.#count++
      this.#starts[this.#count] = end
      this.#place(this.#count - 1)
    }
  }

  /**
   * A block of that length and digest; undefined when there is none. `likely` is looked at first: what follows
   * the block that was found before mostly is the next one, and makes one copy with it.
   */
  find(digest: Buffer, length: number, likely: number): number | undefined {
    const low = digest.readInt32LE(0)
    const high = digest.readInt32LE(4)
    if (this.#is(likely, low, high, length)) return likely
    const mask = this.#table.length - 1
    for (let slot = this.#slot(low, high); ; slot = (slot + 1) & mask) {
      const block = (this.#table[slot] ?? 0) - 1
      if (block < 0) return undefined
      if (this.#is(block, low, high, length)) return block
    }
  }

  /** Where in the older file a block begins. */
  startOf(block: number): number {
    return this.#starts[block] ?? 0
  }

  #is(block: number, low: number, high: number, length: number): boolean {
    return (
      block < this.#count &&
      this.#low[block] === low &&
      this.#high[block] === high &&
      this.startOf(block + 1) - this.startOf(block) === length
    )
  }

  get #end(): number {
    return this.#starts[this.#count] ?? 0
  }

  #place(block: number): void {
    const low = this.#low[block] ?? 0
    const high = this.#high[block] ?? 0
    const length = this.startOf(block + 1) - this.startOf(block)
    const mask = this.#table.length - 1
    let slot = this.#slot(low, high)
    for (; (this.#table[slot] ?? 0) !== 0; slot = (slot + 1) & mask) {
      // One of the same is enough, as in files of zeros.
      if (this.#is((this.#table[slot] ?? 0) - 1, low, high, length)) return
    }
    this.#table[slot] = block + 1
  }

  /** Multiply-shift with secret factors: no peer can make up digests that all fall into one place. */
  #slot(low: number, high: number): number {
    const mixed = (Math.imul(low, this.#factors.low) + Math.imul(high, this.#factors.high)) | 0
    return mixed >>> (Math.clz32(this.#table.length) + 1)
  }

  #grow(): void {
    const room = this.#low.length * 2
    this.#starts = grown(this.#starts, new Float64Array(room + 1))
    this.#low = grown(this.#low, new Int32Array(room))
    this.#high = grown(this.#high, new Int32Array(room))
    this.#table = new Int32Array(room * 2)
    for (let block = 0; block < this.#count; block++) this.#place(block)
  }
}

function oddNumber(): number {
  return Math.floor(Math.random() * 2 ** 31) * 2 + 1
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
