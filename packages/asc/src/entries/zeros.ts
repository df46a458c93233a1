import type { Hash } from '../data-frames.js'

const longest = 4 * 1024 * 1024
let zeros: Buffer | undefined
const kept = 64

/** Digests of zeros, by how many they are: of a file of nothing but holes not a byte is read or hashed. */
export class ZeroDigests {
  readonly #hash: Hash
  readonly #known = new Map<number, Buffer>()

  constructor(hash: Hash) {
    this.#hash = hash
  }

  /** The digest of `length` zeros, at most those of the largest chunk. */
  of(length: number): Buffer {
    let digest = this.#known.get(length)
    if (digest === undefined) {
      zeros ??= Buffer.alloc(longest)
      digest = Buffer.from(this.#hash(zeros.subarray(0, length)))
      // Full chunks have two lengths; every other one is the end of some file.
      if (this.#known.size >= kept) this.#known.clear()
      this.#known.set(length, digest)
    }
    return digest
  }
}
