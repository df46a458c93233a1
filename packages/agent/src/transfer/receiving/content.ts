import { close, constants, fstatSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { type BytePath, chunkBytes, type IncomingFile } from '@waybill/asc'
import { WholeDigest } from '../../manifest/whole-digest.js'
import { Holes } from '../../platform/contents/holes.js'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { noteChunk, unread } from '../chunk-reader.js'
import { chunkDigest } from '../chunks/chunk-digest.js'

const closeFile = promisify(close)

/**
 * Reads the file that is at `target` and tells `file` the digest of each of its chunks, so that the sender can
 * compare. Answers false when it is no longer a file of that size, or cannot be read.
 */
export async function holdContents(
  file: IncomingFile,
  tree: DirectoryTree,
  target: BytePath,
  checksum: boolean,
): Promise<boolean> {
  const { size } = file.entry
  let fd: number
  try {
    fd = openSync(tree.at(target), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return false
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size !== size) return false
    const buffer = Buffer.allocUnsafe(Math.min(size, chunkBytes(size)))
    const holes = new Holes(fd, size)
    const whole = checksum ? new WholeDigest(size, unread) : undefined
    for (let index = 0; index < file.chunks; index++) {
      if (file.dropped) return false
      const digest = await chunkDigest(fd, size, index, holes, buffer)
      if (digest === undefined) return false
      file.hold(index, digest)
      if (whole !== undefined) noteChunk(whole, size, index, holes, buffer)
    }
    if (whole !== undefined) file.checksum = await whole.finish()
    return true
  } catch {
    return false
  } finally {
    await closeFile(fd)
  }
}
