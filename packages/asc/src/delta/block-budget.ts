import { blockSizes, maxBlocks } from './cutter.js'

/**
 * Blocks of older files that one session may have open, so that the sender's memory stays flat. Both sides count
 * alike, by the most blocks that a file can have: the receiver waits with the next file, the sender holds it to it.
 */
export class BlockBudget {
  #left = maxBlocks

  /** Whether there was room for the blocks of a file of `size` bytes. */
  take(size: number): boolean {
    const blocks = mostBlocks(size)
    if (blocks > this.#left) return false
    this.#left -= blocks
    return true
  }

  give(size: number): void {
    this.#left += mostBlocks(size)
  }
}

/** All are of the shortest length but the last. */
function mostBlocks(size: number): number {
  return Math.ceil(size / blockSizes(size).min)
}
