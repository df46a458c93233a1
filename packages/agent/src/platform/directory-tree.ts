import { mkdirSync } from 'node:fs'
import { type BytePath, baseName, parentPath } from '@waybill/asc'
import { type DirectoryHandle, type FsPath, openRoot } from './directories.js'
import type { FileStatus } from './file-status.js'

/** Directories that are held open at a time, beside the root. */
const held = 256

/** Directories with new ones in them that may wait to be made durable. */
const manyChanged = 10_000

/** Codes that mean: the handle points to a directory that is not there any more. */
function errno(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/**
 * Everything beneath one directory, by relative path, without ever following a symbolic link. Paths that it
 * answers with are to be used at once: the handle behind them may be closed by the next call.
 */
export class DirectoryTree {
  /** The real path of the root. */
  readonly path: string
  readonly #root: DirectoryHandle
  readonly #open = new Map<BytePath, DirectoryHandle>()
  #lastPath: BytePath | undefined
  #last: DirectoryHandle
  #closed = false
  #changed = new Set<BytePath>()
  #made = 0

  /** `root` is a real path. Throws what opening it throws. */
  constructor(root: string) {
    this.path = root
    this.#root = openRoot(root)
    this.#last = this.#root
  }

  /** A path for fs calls on `path`, whose last step must not follow links. */
  at(path: BytePath, create = false): FsPath {
    if (path === '') return this.directory('').self()
    return this.directory(parentPath(path), create).at(baseName(path))
  }

  /** What `path` is, which must not be the root; undefined when it is not there, though its directory is. */
  status(path: BytePath, create = false): FileStatus | undefined {
    return this.directory(parentPath(path), create).status(baseName(path))
  }

  /** Runs `action` with the file `path` open for reading; not where it is a link. */
  read<T>(path: BytePath, action: (fd: number) => T): T {
    return this.directory(parentPath(path)).read(baseName(path), action)
  }

  /** Gives the entry `path` the name `name` in its directory; what has that name goes. */
  rename(path: BytePath, name: BytePath): void {
    this.directory(parentPath(path)).rename(baseName(path), name)
  }

  /** The directory `path`; with `create`, what is missing on the way is made. */
  directory(path: BytePath, create = false): DirectoryHandle {
    // A closed descriptor's number may stand for something else by now.
    if (this.#closed) throw new Error('The directory was closed')
    if (path === '') return this.#root
    if (path === this.#lastPath) return this.#last
    let handle = this.#open.get(path)
    if (handle === undefined) {
      handle = this.#enter(path, create)
    } else {
      this.#open.delete(path)
    }
    this.#open.set(path, handle)
    this.#lastPath = path
    this.#last = handle
    if (this.#open.size > held) this.#closeOldest()
    return handle
  }

  /** Makes the directory `path`, with what is missing on the way; false when it was there. */
  make(path: BytePath): boolean {
    const before = this.#made
    this.directory(path, true)
    return this.#made > before
  }

  /** Directories in which others were made since the last call: to be synced before the new ones are relied on. */
  takeChanged(): BytePath[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** Whether so many were changed since `takeChanged` that it is time for it. */
  get hasManyChanged(): boolean {
    return this.#changed.size >= manyChanged
  }

  /** A directory was made in `path` by other means. */
  noteChanged(path: BytePath): void {
    this.#changed.add(path)
  }

  /** Lets go of all handles but the root's: directories were moved or deleted meanwhile. */
  forget(): void {
    for (const handle of this.#open.values()) handle.close()
    this.#open.clear()
    this.#lastPath = undefined
    this.#last = this.#root
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.forget()
    this.#root.close()
  }

  #enter(path: BytePath, create: boolean): DirectoryHandle {
    const parent = this.directory(parentPath(path), create)
    const name = baseName(path)
    try {
      return parent.enter(name)
    } catch (error) {
      if (!create || errno(error) !== 'ENOENT') throw error
    }
    try {
      mkdirSync(parent.at(name))
      this.#changed.add(parentPath(path))
      this.#made++
    } catch (error) {
      // Somebody else was faster: `enter` says whether it is a directory.
      if (errno(error) !== 'EEXIST') throw error
    }
    return parent.enter(name)
  }

  #closeOldest(): void {
    for (const [path, handle] of this.#open) {
      if (handle === this.#last) continue
      this.#open.delete(path)
      handle.close()
      return
    }
  }
}
