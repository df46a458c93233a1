import { close, constants, fstatSync, openSync, read } from 'node:fs'
import { promisify } from 'node:util'
import { type BytePath, chunkBytes, chunkLength, type IncomingFile } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { hash128 } from '../hash.js'

const closeFile = promisify(close)
const readFile = promisify(read)

/**
 * Reads the file that is at `target` and tells `file` the digest of each of its chunks, so that the sender can
 * compare. Answers false when it is no longer a file of that size, or cannot be read.
 */
export async function holdContents(
  file: IncomingFile,
  tree: DirectoryTree,
  target: BytePath,
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
    for (let index = 0; index < file.chunks; index++) {
      if (file.dropped) return false
      const length = chunkLength(size, index)
      const { bytesRead } = await readFile(fd, buffer, 0, length, index * chunkBytes(size))
      if (bytesRead !== length) return false
      file.hold(index, hash128(buffer.subarray(0, length)))
    }
    return true
  } catch {
    return false
  } finally {
    await closeFile(fd)
  }
}
