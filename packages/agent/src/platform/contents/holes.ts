import { fstatSync, statfsSync } from 'node:fs'
import { constants } from 'node:os'
import { cLibrary, type NativeCall } from '../native.js'

/** Where data begins, and where it ends, for lseek(2): the two systems number them the other way round. */
const whence = process.platform === 'darwin' ? { data: 4, hole: 3 } : { data: 3, hole: 4 }

/** ZFS has named data that was just written a hole, so there all is read. See its f_type in statfs(2). */
const zfs = 0x2fc12fc1

let seek: NativeCall | undefined | null = null

function seeker(): NativeCall | undefined {
  if (seek === null) {
    const known = process.platform === 'linux' || process.platform === 'darwin'
    seek = known ? cLibrary()?.find('int64_t lseek(int fd, int64_t offset, int whence)') : undefined
  }
  return seek
}

/**
 * Where an open file of `size` bytes has holes, as its file system tells. Where that cannot be asked, or the file has
 * none, all of it is data. Answers are kept for one stretch, so ask from front to back. Moves the descriptor's own
 * position: read with positions of your own.
 */
export class Holes {
  readonly #fd: number
  readonly #size: number
  #seek: NativeCall | undefined
  /** All before this and not before `#from` is data; or a hole, when `#isHole`. */
  #from = 0
  #until = 0
  #isHole = false

  constructor(fd: number, size: number) {
    this.#fd = fd
    this.#size = size
    try {
      this.#seek = isSparse(fd, size) ? seeker() : undefined
    } catch {
      this.#seek = undefined
    }
  }

  /** Whether there can be any. */
  get known(): boolean {
    return this.#seek !== undefined
  }

  /** The end of the hole that `offset` lies in, `size` at most; `offset` itself where data is. */
  holeEnd(offset: number): number {
    this.#look(offset)
    return this.#isHole ? this.#until : offset
  }

  /** The end of the data that `offset` lies in. */
  dataEnd(offset: number): number {
    this.#look(offset)
    return this.#isHole ? offset : this.#until
  }

  #look(offset: number): void {
    if (offset >= this.#from && offset < this.#until) return
    this.#from = offset
    this.#until = this.#size
    this.#isHole = false
    if (this.#seek === undefined || offset >= this.#size) return
    const data = this.#seek(this.#fd, offset, whence.data)
    if (data > offset) {
      this.#isHole = true
      this.#until = Math.min(data, this.#size)
    } else if (data === offset) {
      const hole = this.#seek(this.#fd, offset, whence.hole)
      if (hole > offset) this.#until = Math.min(hole, this.#size)
    } else if (cLibrary()?.errno() === constants.errno.ENXIO) {
      // Nothing but a hole up to the end, or the file is shorter by now: who asks looks at its size again.
      this.#isHole = true
    } else {
      this.#seek = undefined
    }
  }
}

/** A file that takes as much space as it has bytes has no holes worth asking for. */
function isSparse(fd: number, size: number): boolean {
  const { blocks } = fstatSync(fd)
  return blocks * 512 < size && !isOnZfs(fd)
}

function isOnZfs(fd: number): boolean {
  return process.platform === 'linux' && statfsSync(`/proc/self/fd/${fd}`).type === zfs
}
