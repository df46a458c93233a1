import { close, closeSync, constants, fstatSync, openSync, statfsSync, write } from 'node:fs'
import { promisify } from 'node:util'
import type { FsPath } from '../directories.js'
import { addressOf } from '../native.js'

const closeFile = promisify(close)

/** File systems that are known to do it well; numbers of statfs(2): ext2 to ext4, XFS. Others go by the cache. */
const suited = new Set([0xef53, 0x58465342])
/** What addresses, positions and lengths have to be multiples of: no disk has larger sectors. */
const alignment = 4096
const pieceBytes = 1024 * 1024
/** Pieces of memory that the files of this thread share. */
const mostPieces = 4

const free: Buffer[] = []
const waiting: ((piece: Buffer) => void)[] = []
let made = 0

/**
 * Writes to one file that go from memory to the disk, past the cache of the system. Of large files that spares a copy
 * and the search for memory for it, which cost more than all else that is done to them, and leaves in the cache what
 * others have there. What else reads or writes the file sees them as usual.
 */
export class DirectWrites {
  readonly #fd: number
  #refused = false

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** For the file that is open as `fd` and lies at `path`; undefined where it cannot be had. */
  static over(fd: number, path: FsPath): DirectWrites | undefined {
    if (process.platform !== 'linux' || !hasPiece()) return undefined
    let other: number | undefined
    try {
      if (!suited.has(statfsSync(`/proc/self/fd/${fd}`).type >>> 0)) return undefined
      other = openSync(path, constants.O_WRONLY | constants.O_DIRECT | constants.O_NOFOLLOW)
      const [ours, its] = [fstatSync(fd, { bigint: true }), fstatSync(other, { bigint: true })]
      if (ours.ino === its.ino && ours.dev === its.dev) return new DirectWrites(other)
    } catch {
      // The usual way is always there.
    }
    if (other !== undefined) closeSync(other)
    return undefined
  }

  /** Whether a write of `length` bytes at `offset` can go this way. */
  takes(offset: number, length: number): boolean {
    return !this.#refused && length > 0 && offset % alignment === 0 && length % alignment === 0
  }

  /**
   * Writes what it `takes`; `data` is read until `done`, with an error, or with whether it is written: if not, it is to
   * be written in the usual way.
   */
  write(data: Buffer, offset: number, done: (error: Error | undefined, isWritten: boolean) => void): void {
    take((piece) => {
      const end = (error: Error | undefined, isWritten: boolean) => {
        giveBack(piece)
        done(error, isWritten)
      }
      const step = (at: number) => {
        if (at >= data.length) {
          end(undefined, true)
          return
        }
        const length = data.copy(piece, 0, at, Math.min(data.length, at + pieceBytes))
        write(this.#fd, piece, 0, length, offset + at, (error, written) => {
          if (error === null && written % alignment === 0 && written > 0) {
            step(at + written)
          } else if (error === null || error.code === 'EINVAL') {
            this.#refused = true
            end(undefined, false)
          } else {
            end(error, false)
          }
        })
      }
      step(0)
    })
  }

  async close(): Promise<void> {
    await closeFile(this.#fd)
  }
}

function take(use: (piece: Buffer) => void): void {
  const piece = free.pop() ?? (made < mostPieces ? make() : undefined)
  if (piece === undefined) waiting.push(use)
  else use(piece)
}

function giveBack(piece: Buffer): void {
  const next = waiting.shift()
  if (next === undefined) free.push(piece)
  else next(piece)
}

function make(): Buffer | undefined {
  const piece = aligned()
  if (piece !== undefined) made++
  return piece
}

/** Whether there is such memory at all: who waits for some gets it. */
function hasPiece(): boolean {
  if (made > 0) return true
  const piece = make()
  if (piece !== undefined) free.push(piece)
  return piece !== undefined
}

/** Memory whose address is such a multiple; undefined where addresses cannot be known. */
function aligned(): Buffer | undefined {
  const memory = Buffer.allocUnsafeSlow(pieceBytes + alignment)
  const address = addressOf(memory)
  if (address === undefined) return undefined
  const at = (alignment - Number(address % BigInt(alignment))) % alignment
  return memory.subarray(at, at + pieceBytes)
}
