import { closeSync, constants, fstatSync, openSync, renameSync } from 'node:fs'
import type { BytePath } from '@waybill/asc'
import { readIn } from './contents/reading.js'
import type { DirectoryHandle, FsPath } from './directories.js'
import { type FileStatus, statusIn } from './file-status.js'
import { cLibrary, type NativeCall } from './native.js'

/** O_PATH, which node:fs does not name: a handle that needs no right to list the directory. See open(2). */
const O_PATH = 0o10000000
const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW

const ascii = /^[\x20-\x7e]*$/

let native: { readonly renameat: NativeCall | undefined } | undefined

/** Without the four links that a path through /proc leads over, twice. */
function renameat(): NativeCall | undefined {
  native ??= { renameat: cLibrary()?.find('int renameat(int a, const char *from, int b, const char *to)') }
  return native.renameat
}

/**
 * /proc/self/fd/N/name is what openat(N, name) is in C: the kernel resolves it from the descriptor. See
 * proc(5), "/proc/pid/fd/".
 */
class LinuxDirectory implements DirectoryHandle {
  readonly device: string
  readonly #fd: number
  readonly #prefix: string

  constructor(path: FsPath) {
    this.#fd = openSync(path, flags)
    this.#prefix = `/proc/self/fd/${this.#fd}/`
    this.device = String(fstatSync(this.#fd).dev)
  }

  at(name: BytePath): FsPath {
    const path = this.#prefix + name
    return ascii.test(name) ? path : Buffer.from(path, 'latin1')
  }

  status(name: BytePath): FileStatus | undefined {
    return statusIn(this.#fd, name, () => this.at(name))
  }

  read<T>(name: BytePath, action: (fd: number) => T): T {
    return readIn(this.#fd, name, () => this.at(name), action)
  }

  rename(from: BytePath, to: BytePath): void {
    const call = ascii.test(from) && ascii.test(to) ? renameat() : undefined
    if (call?.(this.#fd, from, this.#fd, to) === 0) return
    // The slow way, which also says what is wrong.
    renameSync(this.at(from), this.at(to))
  }

  self(): FsPath {
    return `${this.#prefix}.`
  }

  enter(name: BytePath): DirectoryHandle {
    return new LinuxDirectory(this.at(name))
  }

  close(): void {
    closeSync(this.#fd)
  }
}

export function openLinuxRoot(path: string): DirectoryHandle {
  return new LinuxDirectory(path)
}
