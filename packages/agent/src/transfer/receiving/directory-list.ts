import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BytePath,
  decode,
  type Entry,
  encode,
  extendedBytes,
  frameType,
  headerBytes,
} from '@waybill/asc'

/** A directory of a task, whose attributes are set when nothing comes into it any more. */
export type Directory = Pick<Entry, 'path' | 'mtime' | 'mode' | 'owner' | 'extended'>

/** Directories that are held in memory, and that one record of the file has. */
const held = 2000
/** Bytes of extended attributes that are held in memory. */
const maxWeight = 1024 * 1024

/**
 * The directories of one task in the order in which they came. Memory stays flat however many there are: all but
 * the latest lie in a temporary file, as frames of ASC.
 */
export class DirectoryList {
  /** The path of the first. */
  first: BytePath | undefined
  #latest: Directory[] = []
  #weight = 0
  #file: { readonly fd: number; readonly path: string; length: number } | undefined

  add(directory: Directory): void {
    this.first ??= directory.path
    this.#latest.push(directory)
    this.#weight += extendedBytes(directory.extended)
    if (this.#latest.length % held === 0 || this.#weight > maxWeight) this.#spill()
  }

  *all(): Generator<Directory> {
    const file = this.#file
    // Not a byte more once it was closed: the descriptor may belong to another file by then.
    for (let at = 0; file !== undefined && file === this.#file && at < file.length; ) {
      const payload = readAt(file.fd, at + headerBytes, readAt(file.fd, at, headerBytes).readUInt32LE(0))
      at += headerBytes + payload.length
      const frame = decode(frameType.entries, payload)
      if (frame.type === 'entries') yield* frame.entries
    }
    if (file === this.#file) yield* this.#latest
  }

  /** Lets go of the file. Nothing may be added or read after it. */
  close(): void {
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    closeSync(file.fd)
    unlinkSync(file.path)
  }

  #spill(): void {
    try {
      const path = join(tmpdir(), `waybill-directories-${randomUUID()}`)
      this.#file ??= { fd: openSync(path, 'wx+', 0o600), path, length: 0 }
      const entries = this.#latest.map((each) => ({ ...nobody, ...each }))
      const frame = encode({ type: 'entries', entries })
      for (let at = 0; at < frame.length; ) {
        at += writeSync(this.#file.fd, frame, at, frame.length - at, this.#file.length + at)
      }
      this.#file.length += frame.length
      this.#latest = []
      this.#weight = 0
    } catch {
      // No space for it: rather more memory than a task that fails.
    }
  }
}

const nobody = { id: 0, task: 0, kind: 'directory', size: 0 } as const

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const count = readSync(fd, bytes, at, length - at, position + at)
    if (count === 0) throw new Error('The list of directories is cut short')
    at += count
  }
  return bytes
}
