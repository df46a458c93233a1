import { fstatSync, lstatSync } from 'node:fs'
import { constants } from 'node:os'
import type { FsPath } from './directories.js'
import { type CLibrary, cLibrary, type NativeCall } from './native.js'

/** What a file system tells of an entry, named as node:fs names it. */
export interface FileStatus {
  readonly dev: bigint
  readonly ino: bigint
  readonly nlink: bigint
  readonly mode: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

const AT_EMPTY_PATH = 0x1000
const AT_SYMLINK_NOFOLLOW = 0x100
const STATX_BASIC_STATS = 0x7ff
const ascii = /^[\x20-\x7e]+$/

/** Where statx(2) writes, see its man page; read at once after each call. */
const bytes = Buffer.alloc(256)
const u16 = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
const u64 = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
const i64 = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)

function at(values: BigUint64Array | BigInt64Array, index: number): bigint {
  return values[index] ?? 0n
}

class NativeStatus implements FileStatus {
  readonly #mode = u16[14] ?? 0
  readonly #links = u32[4] ?? 0
  readonly #uid = u32[5] ?? 0
  readonly #gid = u32[6] ?? 0
  readonly #major = u32[34] ?? 0
  readonly #minor = u32[35] ?? 0
  readonly ino = at(u64, 4)
  readonly size = at(u64, 5)
  readonly mtimeNs = at(i64, 14) * 1_000_000_000n + BigInt(u32[30] ?? 0)
  readonly ctimeNs = at(i64, 12) * 1_000_000_000n + BigInt(u32[26] ?? 0)

  get nlink(): bigint {
    return BigInt(this.#links)
  }

  get mode(): bigint {
    return BigInt(this.#mode)
  }

  get uid(): bigint {
    return BigInt(this.#uid)
  }

  get gid(): bigint {
    return BigInt(this.#gid)
  }

  /** As makedev(3) puts the two numbers together, so that it equals what node:fs says. */
  get dev(): bigint {
    const [major, minor] = [BigInt(this.#major), BigInt(this.#minor)]
    return ((major & ~0xfffn) << 32n) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | (minor & 0xffn)
  }

  isFile(): boolean {
    return this.#is(0o100000)
  }

  isDirectory(): boolean {
    return this.#is(0o040000)
  }

  isSymbolicLink(): boolean {
    return this.#is(0o120000)
  }

  #is(kind: number): boolean {
    return (this.#mode & 0o170000) === kind
  }
}

interface Native {
  readonly statx: NativeCall
  readonly errno: CLibrary['errno']
}

let native: { readonly calls: Native | undefined } | undefined

/** A third of what node:fs takes, which makes four dates and eighteen numbers of each answer. */
function nativeCalls(): Native | undefined {
  if (native === undefined) {
    const library = process.platform === 'linux' ? cLibrary() : undefined
    const statx = library?.find(
      'int statx(int dir, const char *path, int flags, unsigned int mask, void *to)',
    )
    native = { calls: library && statx && { statx, errno: () => library.errno() } }
  }
  return native.calls
}

/**
 * What `name` is in the directory that is open as `directory`, itself and not what it links to; undefined when it is
 * not there. `path` leads to the same, for node:fs. Throws what that throws.
 */
export function statusIn(directory: number, name: string, path: () => FsPath): FileStatus | undefined {
  const calls = ascii.test(name) ? nativeCalls() : undefined
  if (calls !== undefined) {
    if (calls.statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, bytes) === 0)
      return new NativeStatus()
    if (calls.errno() === constants.errno.ENOENT) return undefined
  }
  // The slow way, which also says what is wrong.
  return lstatSync(path(), { bigint: true, throwIfNoEntry: false })
}

/** What the open file is. Throws what node:fs throws. */
export function statusOf(fd: number): FileStatus {
  const calls = nativeCalls()
  if (calls?.statx(fd, '', AT_EMPTY_PATH, STATX_BASIC_STATS, bytes) === 0) return new NativeStatus()
  return fstatSync(fd, { bigint: true })
}
