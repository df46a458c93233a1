import { lstatSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { BytePath } from '@waybill/asc'
import { readAt } from './contents/reading.js'
import type { DirectoryHandle, FsPath } from './directories.js'
import type { FileStatus } from './file-status.js'

function refused(path: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: a symbolic link or no directory: ${path}`), { code })
}

/** What Windows forbids or gives a meaning in a file name. */
const windowsForbidden = /[<>:"|?*\\]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * Where there is no openat: each step is checked by its real path. Somebody who can write into the tree could
 * exchange a directory between the check and the use; the threat model says so.
 */
class PortableDirectory implements DirectoryHandle {
  readonly device: string
  readonly #path: string

  constructor(path: string) {
    const stat = lstatSync(path)
    if (!stat.isDirectory()) throw refused(path, 'ENOTDIR')
    if (realpathSync.native(path) !== path) throw refused(path, 'ELOOP')
    this.#path = path
    this.device = String(stat.dev)
  }

  at(name: BytePath): FsPath {
    const text = Buffer.from(name, 'latin1').toString('utf8')
    if (process.platform === 'win32' && windowsForbidden.test(text)) {
      throw Object.assign(new Error(`EINVAL: Windows does not allow the name ${text}`), { code: 'EINVAL' })
    }
    return join(this.#path, text)
  }

  status(name: BytePath): FileStatus | undefined {
    return lstatSync(this.at(name), { bigint: true, throwIfNoEntry: false })
  }

  read<T>(name: BytePath, action: (fd: number) => T): T {
    return readAt(this.at(name), action)
  }

  rename(from: BytePath, to: BytePath): void {
    renameSync(this.at(from), this.at(to))
  }

  self(): FsPath {
    return this.#path
  }

  enter(name: BytePath): DirectoryHandle {
    return new PortableDirectory(String(this.at(name)))
  }

  close(): void {
    // Nothing is held.
  }
}

export function openPortableRoot(path: string): DirectoryHandle {
  return new PortableDirectory(path)
}
