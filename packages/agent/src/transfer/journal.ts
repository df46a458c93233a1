import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { chunkBytes, chunkCount, digestBytes, type Entry } from '@waybill/asc'
import type { FsPath } from '../platform/directories.js'
import { hash128 } from './hash.js'

const magic = 'waybill journal 1\n'
const headBytes = magic.length + 8 + 8 + 4 + digestBytes
const recordBytes = 4 + digestBytes

/** What the journal stands for: a source of this size and time, cut like this. Other sources are foreign. */
function head(entry: Entry): Buffer {
  const bytes = Buffer.alloc(headBytes)
  let at = bytes.write(magic, 'latin1')
  at = bytes.writeBigUInt64LE(BigInt(entry.size), at)
  at = bytes.writeBigInt64LE(entry.mtime, at)
  at = bytes.writeUInt32LE(chunkBytes(entry.size), at)
  hash128(bytes.subarray(0, at)).copy(bytes, at)
  return bytes
}

/**
 * The chunks of a part that were verified and written, appended one by one. A claim, not a proof: after a
 * loss of power the journal may know of data that never reached the disk, so readers hash what is there.
 */
export class Journal {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  static create(path: FsPath, entry: Entry): Journal {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    const fd = openSync(path, flags, 0o600)
    writeSync(fd, head(entry))
    return new Journal(fd)
  }

  /** Chunks that a journal for the very same source claims, or undefined when there is none to be believed. */
  static read(path: FsPath, entry: Entry): Map<number, Buffer> | undefined {
    let fd: number
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch {
      return undefined
    }
    try {
      const limit = headBytes + chunkCount(entry.size) * recordBytes
      const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, limit))
      const length = readSync(fd, bytes, 0, bytes.length, 0)
      if (length < headBytes || !bytes.subarray(0, headBytes).equals(head(entry))) return undefined
      return records(bytes.subarray(headBytes, length), chunkCount(entry.size))
    } finally {
      closeSync(fd)
    }
  }

  add(index: number, digest: Buffer): void {
    this.addRun(index, 1, () => digest)
  }

  /** The same for chunks one after the other, whose digests `digestOf` tells. */
  addRun(start: number, count: number, digestOf: (index: number) => Buffer): void {
    for (let done = 0; done < count; ) {
      const records = Math.min(count - done, 4096)
      const bytes = Buffer.allocUnsafe(records * recordBytes)
      for (let i = 0; i < records; i++, done++) {
        bytes.writeUInt32LE(start + done, i * recordBytes)
        digestOf(start + done).copy(bytes, i * recordBytes + 4)
      }
      writeSync(this.#fd, bytes)
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function records(bytes: Buffer, chunks: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
    const index = bytes.readUInt32LE(at)
    if (index < chunks) found.set(index, Buffer.from(bytes.subarray(at + 4, at + recordBytes)))
  }
  return found
}

/** Removes a file that may not be there. */
export function removeQuietly(path: FsPath): void {
  try {
    unlinkSync(path)
  } catch {
    // Not there, or not ours to remove: a leftover does no harm.
  }
}
