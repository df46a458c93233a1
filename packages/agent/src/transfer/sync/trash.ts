import { closeSync, constants, lstatSync, mkdirSync, openSync, rmdirSync } from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import { type BytePath, joinPath } from '@waybill/asc'
import type { FsPath } from '../../platform/directories.js'
import { DirectoryTree } from '../../platform/directory-tree.js'
import { errno, Fault } from '../fault.js'
import type { Place } from '../place.js'
import { trashName } from '../temporary.js'
import { folderName, keepName } from './trash-names.js'

export type Keep = TaskOptions['trash']

/** Names tried for the folder of one second. */
const mostFolders = 1000

/**
 * The dated folders of one session, made when first something goes there: one for each trash and each number of
 * days. A folder is made anew and belongs to its session alone, so that nothing in it can be in the way.
 */
export class Trashes {
  readonly #now: () => Date
  readonly #open = new Map<string, Trash>()

  constructor(now: () => Date = () => new Date()) {
    this.#now = now
  }

  /** The trash of a place: at the top of its volume, or `beneath` the destination where there is none. */
  of({ tree, base }: Place, where: 'root' | 'destination', keep: Keep): Trash {
    const top = where === 'root' ? '' : base
    const key = `${tree.path}\0${top}\0${keepName(keep)}`
    let trash = this.#open.get(key)
    if (trash === undefined) {
      trash = new Trash(tree, top, keep, this.#now)
      this.#open.set(key, trash)
    }
    return trash
  }

  close(): void {
    for (const trash of this.#open.values()) trash.close()
    this.#open.clear()
  }
}

export class Trash {
  readonly #tree: DirectoryTree
  readonly #top: BytePath
  readonly #keep: Keep
  readonly #now: () => Date
  /** The dated folder; held by itself, so that no path into it can lead anywhere else. */
  #folder: DirectoryTree | undefined

  constructor(tree: DirectoryTree, top: BytePath, keep: Keep, now: () => Date) {
    this.#tree = tree
    this.#top = top
    this.#keep = keep
    this.#now = now
  }

  /** Has `move` put something where `path`, in the tree of the place, lies in the trash. Never replaces anything. */
  add(path: BytePath, move: (to: FsPath) => void): void {
    this.#within(path, (folder, name) => {
      const to = folder.at(name, true)
      if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false
      move(to)
      return true
    })
  }

  /** A directory that was deleted, so that empty ones are there, too. */
  addDirectory(path: BytePath): void {
    this.#within(path, (folder, name) => {
      folder.directory(name, true)
      return true
    })
  }

  close(): void {
    this.#folder?.close()
    this.#folder = undefined
  }

  /** Something else may be in the way, deleted earlier by a task of the same session: then another folder. */
  #within(path: BytePath, put: (folder: DirectoryTree, name: BytePath) => boolean): void {
    const name = this.#top === '' ? path : path.slice(this.#top.length + 1)
    for (let tries = 0; tries < 2; tries++) {
      this.#folder ??= this.#make()
      try {
        if (put(this.#folder, name)) return
      } catch (error) {
        if (errno(error) !== 'ENOTDIR') throw error
      } finally {
        // Whether its directories survive a loss of power is no matter: what is in them is deleted.
        this.#folder.takeChanged()
      }
      this.close()
    }
    throw new Fault('W#J059', `Not deleted, since something in the trash is in the way of it`)
  }

  #make(): DirectoryTree {
    const at = joinPath(this.#top, trashName)
    makePrivate(this.#tree.at(at))
    const parent = () => this.#tree.directory(at)
    const date = this.#now()
    for (let number = 1; number <= mostFolders; number++) {
      const name = folderName(date, number)
      if (!makePrivate(parent().at(name))) continue
      try {
        const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW
        closeSync(openSync(parent().at(`${name}.${keepName(this.#keep)}`), flags, 0o600))
      } catch (error) {
        rmdirSync(parent().at(name))
        throw error
      }
      const made = parent().enter(name)
      try {
        return new DirectoryTree(made.self().toString())
      } finally {
        made.close()
      }
    }
    throw new Fault('W#J059', 'Nothing is deleted: there are too many folders of this second in the trash')
  }
}

/** Makes a directory for the agent alone: what was deleted may have been closed to others by those above it. */
function makePrivate(path: FsPath): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    if (errno(error) === 'EEXIST') return false
    throw error
  }
}
