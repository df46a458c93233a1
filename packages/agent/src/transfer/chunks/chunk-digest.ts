import { read } from 'node:fs'
import { promisify } from 'node:util'
import { chunkBytes, chunkLength } from '@waybill/asc'
import type { Holes } from '../../platform/contents/holes.js'
import { hash128 } from '../hash.js'
import { zeroDigest } from './zeros.js'

const readFile = promisify(read)

/**
 * The digest of one chunk of an open file of `size` bytes, read into `buffer`; undefined when it ends before. Of a hole
 * nothing is read.
 */
export async function chunkDigest(
  fd: number,
  size: number,
  index: number,
  holes: Holes,
  buffer: Buffer,
): Promise<Buffer | undefined> {
  const length = chunkLength(size, index)
  const offset = index * chunkBytes(size)
  if (holes.holeEnd(offset) >= offset + length) {
    // Others get their turn now and then.
    if (index % 4096 === 0) await new Promise(setImmediate)
    return zeroDigest(length)
  }
  const { bytesRead } = await readFile(fd, buffer, 0, length, offset)
  return bytesRead === length ? hash128(buffer.subarray(0, length)) : undefined
}
