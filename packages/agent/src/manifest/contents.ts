import { type BigIntStats, close, constants, fstat, openSync, read } from 'node:fs'
import { promisify } from 'node:util'
import type { MhlHash } from '@waybill/api'
import type { FsPath } from '../platform/directories.js'
import { newChecksum } from './checksums.js'

const closeFile = promisify(close)
const readFile = promisify(read)
const statFile: (fd: number, options: { bigint: true }) => Promise<BigIntStats> = promisify(fstat)

// Without O_NONBLOCK a pipe that took the file's place would hang us.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const blockBytes = 1024 * 1024

/** A file as it was read. */
export interface Contents {
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  readonly checksum: string
}

/**
 * Reads a file from its beginning to its end. Undefined where it is no file, changes meanwhile, or nobody
 * `isWanted` it any more; rejects with what opening and reading throws. The path is used before this returns.
 */
export async function readContents(
  path: FsPath,
  kind: MhlHash,
  isWanted: () => boolean,
): Promise<Contents | undefined> {
  const fd = openSync(path, flags)
  try {
    const before = await statFile(fd, { bigint: true })
    if (!before.isFile()) return undefined
    const checksum = newChecksum(kind)
    const size = Number(before.size)
    const buffer = Buffer.allocUnsafe(Math.min(blockBytes, size + 1))
    let at = 0
    for (;;) {
      if (!isWanted()) return undefined
      const { bytesRead } = await readFile(fd, buffer, 0, buffer.length, at)
      if (bytesRead === 0) break
      checksum.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    const after = await statFile(fd, { bigint: true })
    if (at !== size || after.size !== before.size || after.mtimeNs !== before.mtimeNs) return undefined
    return { size, mtime: before.mtimeNs, checksum: checksum.done() }
  } finally {
    await closeFile(fd)
  }
}
