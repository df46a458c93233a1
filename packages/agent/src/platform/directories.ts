import type { BytePath } from '@waybill/asc'
import { openLinuxRoot } from './directories-linux.js'
import { openPortableRoot } from './directories-portable.js'
import type { FileStatus } from './file-status.js'

/** A path as the functions of node:fs take it; bytes where text could not say it. */
export type FsPath = string | Buffer

/**
 * A directory that is held, not named: what is reached through it lies beneath it, even while somebody
 * renames directories or puts symbolic links in the way (on Linux; elsewhere as far as checking can tell).
 */
export interface DirectoryHandle {
  /** Tells file systems apart, to flush each once. */
  readonly device: string
  /** A path for the entry `name` of this directory, valid until `close`. The last step of an fs call on it must not follow links. */
  at(name: BytePath): FsPath
  /** What the entry `name` of this directory is, not what it links to; undefined when it is not there. */
  status(name: BytePath): FileStatus | undefined
  /** Runs `action` with the entry `name` open for reading; not where it is a link. */
  read<T>(name: BytePath, action: (fd: number) => T): T
  /** Gives the entry `from` of this directory another name in it; what has that name goes. */
  rename(from: BytePath, to: BytePath): void
  /** The directory itself, for opendir and for opening it to sync. */
  self(): FsPath
  /** Holds a directory beneath. Throws ENOTDIR or ELOOP where `name` is a symbolic link. */
  enter(name: BytePath): DirectoryHandle
  close(): void
}

/** Holds the directory `path`, a real path without symbolic links. */
export function openRoot(path: string): DirectoryHandle {
  return process.platform === 'linux' ? openLinuxRoot(path) : openPortableRoot(path)
}
