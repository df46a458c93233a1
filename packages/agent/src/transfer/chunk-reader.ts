import { read } from 'node:fs'
import { promisify } from 'node:util'
import { chunkBytes, chunkLength } from '@waybill/asc'
import type { ReadChunk, WholeDigest } from '../manifest/whole-digest.js'
import type { Holes } from '../platform/contents/holes.js'

const readFile = promisify(read)

/**
 * Reads chunks back that were written to a part of a file of `size` bytes. What lies behind its end was left out as a
 * hole. With `holes`, which are only true of a part that changes no more, nothing is read of them.
 */
export function chunkReader(fd: number, size: number, holes?: Holes): ReadChunk {
  return async (index, buffer) => {
    const offset = index * chunkBytes(size)
    if (holes !== undefined && holes.holeEnd(offset) >= offset + buffer.length) {
      buffer.fill(0)
      // Others get their turn now and then.
      if (index % 64 === 0) await new Promise(setImmediate)
      return
    }
    for (let at = 0; at < buffer.length; ) {
      const { bytesRead } = await readFile(fd, buffer, at, buffer.length - at, offset + at)
      if (bytesRead === 0) {
        buffer.fill(0, at)
        return
      }
      at += bytesRead
    }
  }
}

/** Tells the checksum of a whole file of a chunk that was just read into `buffer`, unless it was a hole. */
export function noteChunk(
  whole: WholeDigest,
  size: number,
  index: number,
  holes: Holes,
  buffer: Buffer,
): void {
  const length = chunkLength(size, index)
  const offset = index * chunkBytes(size)
  if (holes.holeEnd(offset) >= offset + length) whole.zeros(index, 1)
  else whole.written(index, buffer.subarray(0, length), false)
}

/** For what has no part yet. */
export function unread(): Promise<void> {
  return Promise.reject(new Error('There is nothing to be read yet'))
}
