import { gear } from './gear.js'

/** How the blocks of a file are cut; lengths in bytes. Part of the protocol: both sides must cut alike. */
export interface BlockSizes {
  readonly min: number
  readonly max: number
  /** Bits of the rolling hash that are zero at a cut: one position of 2^n is one, beyond the shortest length. */
  readonly mask: number
}

const smallestBlock = 2048
/** Blocks that a file may be cut into at most; longer files have longer blocks. */
export const maxBlocks = 2 ** 21
/** Larger blocks would not be found again, and chunks are not larger. */
const largestMin = 2 ** 20

/** Longest older file of which blocks are offered. */
export const maxBasis = maxBlocks * largestMin

/** How an older file of `size` bytes is cut: by twice the shortest length on average, into `maxBlocks` at most. */
export function blockSizes(size: number): BlockSizes {
  let min = smallestBlock
  while (min * (maxBlocks - 1) < size && min < largestMin) min *= 2
  return { min, max: min * 8, mask: (-min * 2 ** (32 - 2 * Math.log2(min))) | 0 }
}

/** The rolling hash knows as many bytes as it has bits: each one is shifted out in the end. */
const window = 32

/**
 * Where the block that begins at `start` ends: at the first place, `min` bytes or more on, where what stands
 * right before makes a cut; after `max` bytes, or at `end`, if there is none. So cuts go with the contents,
 * wherever they lie: two copies of the same bytes are soon cut alike, however they began. A gear hash, as in
 * FastCDC (Xia et al., USENIX ATC 2016); some 2 GB/s in plain JavaScript, because the bytes below `min` are not
 * looked at.
 */
export function blockEnd(data: Uint8Array, start: number, end: number, sizes: BlockSizes): number {
  const { mask } = sizes
  const limit = Math.min(end, start + sizes.max)
  let at = start + sizes.min
  if (at >= limit) return limit
  let hash = 0
  for (let i = at - window; i < at; i++) hash = roll(hash, data, i)
  // Four at a time: a quarter faster than one.
  for (const last = limit - 4; at <= last; at += 4) {
    if ((hash & mask) === 0) return at
    hash = roll(hash, data, at)
    if ((hash & mask) === 0) return at + 1
    hash = roll(hash, data, at + 1)
    if ((hash & mask) === 0) return at + 2
    hash = roll(hash, data, at + 2)
    if ((hash & mask) === 0) return at + 3
    hash = roll(hash, data, at + 3)
  }
  for (; at < limit; at++) {
    if ((hash & mask) === 0) return at
    hash = roll(hash, data, at)
  }
  return limit
}

function roll(hash: number, data: Uint8Array, at: number): number {
  return ((hash << 1) + (gear[data[at] ?? 0] ?? 0)) | 0
}
