import { type BigIntStats, close, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { type BytePath, chunkBytes, chunkCount, type Entry, joinPath } from '@waybill/asc'
import { Holes } from '../platform/contents/holes.js'
import { type FileStatus, statusOf } from '../platform/file-status.js'
import { Fault } from '../transfer/fault.js'
import type { Place } from '../transfer/place.js'
import { retryStale } from '../transfer/target.js'

// Without O_NONBLOCK a pipe that took the file's place would hang us.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function openSource(place: Place, path: BytePath): number {
  return retryStale(place.tree, () => openSync(place.tree.at(joinPath(place.base, path)), flags))
}

function statFile(fd: number): BigIntStats {
  const stat = fstatSync(fd, { bigint: true })
  if (!stat.isFile()) throw new Fault('E#J002', 'Cannot read: it is no file any more')
  return stat
}

/** Whether a file still is what was announced, to the nanosecond; with what a time that was set back leaves. */
export function isUnchanged({ size, mtime, stamp }: Entry, stat: FileStatus): boolean {
  if (Number(stat.size) !== size || stat.mtimeNs !== mtime) return false
  if (stamp === undefined) return true
  return stat.ctimeNs === stamp.changed && (stamp.file === undefined || stat.ino === stamp.file)
}

/** Reads a whole small file into `room`. Answers how it is now if it is not what was announced. */
export function readSmall(place: Place, entry: Entry, room: Buffer): BigIntStats | undefined {
  const path = joinPath(place.base, entry.path)
  return retryStale(place.tree, () => place.tree.read(path, (fd) => readWhole(fd, entry, room)))
}

function readWhole(fd: number, entry: Entry, room: Buffer): BigIntStats | undefined {
  let at = 0
  while (at < entry.size) {
    const count = readSync(fd, room, at, entry.size - at, null)
    if (count === 0) break
    at += count
  }
  const stat = statusOf(fd)
  return at === entry.size && stat.isFile() && isUnchanged(entry, stat) ? undefined : statFile(fd)
}

/** A large file that is being read, chunk by chunk and in any order. */
export class SourceFile {
  readonly #entry: Entry
  readonly #fd: number
  readonly #holes: Holes
  #reads = 0
  #closed = false

  /** Throws what opening throws. */
  constructor(place: Place, entry: Entry) {
    this.#entry = entry
    this.#fd = openSource(place, entry.path)
    this.#holes = new Holes(this.#fd, entry.size)
  }

  /** How many chunks from `index` on lie within a hole, as a whole. */
  emptyChunks(index: number): number {
    const { size } = this.#entry
    const offset = index * chunkBytes(size)
    const end = this.#holes.holeEnd(offset)
    return end === size ? chunkCount(size) - index : Math.floor((end - offset) / chunkBytes(size))
  }

  /** Reads exactly `length` bytes at `offset` of the file to `at` of the buffer; `ended` when there are fewer. */
  read(
    buffer: Buffer,
    at: number,
    length: number,
    offset: number,
    done: (error: Error | undefined, ended: boolean) => void,
  ): void {
    this.#reads++
    const finish = (error: Error | undefined, ended: boolean) => {
      this.#reads--
      this.#closeIfIdle()
      done(error, ended)
    }
    const step = (from: number) => {
      read(this.#fd, buffer, at + from, length - from, offset + from, (error, count) => {
        if (error !== null) finish(error, false)
        else if (count === 0) finish(undefined, true)
        else if (from + count < length) step(from + count)
        else finish(undefined, false)
      })
    }
    step(0)
  }

  /** How the file is now, if it is not what was announced. */
  changed(): BigIntStats | undefined {
    const stat = statFile(this.#fd)
    return isUnchanged(this.#entry, stat) ? undefined : stat
  }

  /** Closes it as soon as no read is under way. */
  close(): void {
    this.#reads++
    this.#closed = true
    this.#reads--
    this.#closeIfIdle()
  }

  #closeIfIdle(): void {
    if (!this.#closed || this.#reads > 0) return
    // Never twice: the number may belong to another file by then.
    this.#closed = false
    close(this.#fd, () => undefined)
  }
}
