/** Every bound of the protocol in one place; both sides hold each other to them. Sizes in bytes. */
export const protocolVersion = 3

const kib = 1024
const mib = 1024 * kib

/** Length and type in front of every frame. */
export const headerBytes = 5
export const digestBytes = 16
/** Files below this travel whole, several to a frame; larger ones travel in chunks. */
export const smallFile = 256 * kib
/** A pack is closed when it holds this much, or this many files. */
export const packBytes = 512 * kib
export const packFiles = 512
/** Longest frame of data: a pack whose last file made it overflow, or the largest chunk, with their headers. */
export const maxDataFrame = 4 * mib + kib
export const maxControlFrame = mib
/** Longest path within a task, and longest name, as POSIX file systems have them. */
export const maxPath = 4096
export const maxName = 255
export const maxMessage = 1000
/** Entries that a sender may have announced and that are not settled yet. */
export const maxOutstanding = 8192
/** Of a block of an older file: its length u32, and the first 8 bytes of its digest. */
export const blockBytes = 4 + 8
/** Tasks that a peer may have named and that are not settled yet. */
export const maxTasks = 100_000
/** Paths of one `ask`, and bytes that it may hold of them before the next begins. */
export const maxAsked = 2000
export const askBytes = 256 * kib
/** Asks that a receiver has under way for one task. */
export const maxAsks = 4
/** Chunks that all files on their way may have together, so that their digests stay within 140 MB: 32 TiB. */
export const maxOpenChunks = 8 * 1024 * 1024
/** Entries of one frame take about this much at most. */
export const entriesBytes = 256 * kib
/** What extended attributes of one entry take, names and values; and those of all entries that are open. */
export const maxExtended = 64 * kib
export const maxOpenExtended = 32 * mib
/** Files with several names that are remembered at a time. */
export const maxLinks = 200_000
/** Largest size of one file: what a double counts exactly. */
export const maxSize = Number.MAX_SAFE_INTEGER

/**
 * How a file of `size` bytes is cut. Both sides compute it, so it is part of the protocol: larger chunks for
 * larger files keep the digests of one file within some megabytes.
 */
export function chunkBytes(size: number): number {
  return size <= 16 * 1024 * mib ? mib : 4 * mib
}

/** Chunks of a large file; an empty one has none. */
export function chunkCount(size: number): number {
  return Math.ceil(size / chunkBytes(size))
}

/** Bytes of chunk `index`: all are full but the last. */
export function chunkLength(size: number, index: number): number {
  const full = chunkBytes(size)
  return Math.min(full, size - index * full)
}

/** Bytes of `count` chunks from chunk `start` on. */
export function runLength(size: number, start: number, count: number): number {
  return Math.min(size, (start + count) * chunkBytes(size)) - start * chunkBytes(size)
}
