import { close, constants, fstatSync, lstatSync, openSync, read, type Stats } from 'node:fs'
import { promisify } from 'node:util'
import type { BytePath } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'

const closeFile = promisify(close)
const readFile = promisify(read)

// Without O_NONBLOCK a pipe that took the file's place would hang us.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * The file that lies where a new one is to go. Held open, so that it stays the same file; what is in it may change
 * all the same, so nothing that is read from it is believed without a digest.
 */
export class OlderFile {
  readonly size: number
  readonly #fd: number
  #reads = 0
  #closing = false

  private constructor(fd: number, size: number) {
    this.#fd = fd
    this.size = size
  }

  /** Length of the file that is there; 0 when there is none. */
  static sizeAt(tree: DirectoryTree, target: BytePath): number {
    try {
      const stat = lstatSync(tree.at(target), { throwIfNoEntry: false })
      return stat?.isFile() === true ? stat.size : 0
    } catch {
      return 0
    }
  }

  /** Undefined when there is no file that can be read, or nothing but holes to read in it. */
  static open(tree: DirectoryTree, target: BytePath): OlderFile | undefined {
    let fd: number | undefined
    try {
      fd = openSync(tree.at(target), flags)
      const stat = fstatSync(fd)
      if (stat.isFile() && !isMostlyHoles(stat)) return new OlderFile(fd, stat.size)
    } catch {
      // Not there, or not ours to read: the new file comes whole.
    }
    if (fd !== undefined) close(fd, () => undefined)
    return undefined
  }

  /** Reads `length` bytes at `offset` to `at` of the buffer. False when there are fewer, or they cannot be read. */
  async read(buffer: Buffer, at: number, length: number, offset: number): Promise<boolean> {
    if (this.#closing) return false
    this.#reads++
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await readFile(this.#fd, buffer, at + done, length - done, offset + done)
        if (bytesRead === 0) return false
        done += bytesRead
      }
      return true
    } catch {
      return false
    } finally {
      this.#reads--
      this.#closeIfIdle()
    }
  }

  /** Closes it as soon as no read is under way. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#closeIfIdle()
  }

  #closeIfIdle(): void {
    if (this.#closing && this.#reads === 0) closeFile(this.#fd).catch(() => undefined)
  }
}

/** What little is in such a file is not worth reading all of its holes, which the sender does not send anyway. */
function isMostlyHoles({ size, blocks }: Stats): boolean {
  return blocks * 512 < size / 8
}
