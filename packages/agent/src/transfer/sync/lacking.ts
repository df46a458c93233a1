import { lstatSync, opendirSync } from 'node:fs'
import { type BytePath, joinPath, showPath } from '@waybill/asc'
import { errno, Fault } from '../fault.js'
import type { Place } from '../place.js'

/** Tells one directory from another that took its place. */
export function identityOf({ tree, base }: Place): string {
  const { dev, ino } = lstatSync(tree.at(base), { bigint: true })
  return `${dev}:${ino}`
}

/**
 * Which of `paths` (relative to the place) are not there: the one thing that lets a receiver delete its own. So
 * whenever it is not certain, what is asked for counts as there or, when the source as a whole cannot be trusted,
 * a fault is thrown. `identity` is that of the source when it was scanned.
 *
 * @throws Fault, or what the file system throws
 */
export function whatIsLacking(
  place: Place,
  paths: readonly BytePath[],
  { identity, folded, isVolume }: { identity: string; folded: boolean; isVolume: boolean },
): boolean[] {
  // Held directories may have been moved or deleted since: they are looked up anew.
  place.tree.forget()
  if (identityOf(place) !== identity) {
    throw new Fault('E#J005', 'Nothing is deleted: the source directory was replaced while it was sent')
  }
  if (isVolume && isEmpty(place)) {
    throw new Fault('W#J059', 'Nothing is deleted: the source is an empty volume, as if it were not mounted')
  }
  const spellings = folded ? new Spellings(place) : undefined
  return paths.map((path) => !isThere(place, path) && spellings?.knows(path) !== true)
}

function isThere({ tree, base }: Place, path: BytePath): boolean {
  try {
    return lstatSync(tree.at(joinPath(base, path)), { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    const code = errno(error)
    if (code === 'ENOENT') return false
    // A file or link stands where the receiver has a directory: what is in that stays.
    if (code === 'ENOTDIR' || code === 'ELOOP') return true
    throw error
  }
}

function isEmpty({ tree, base }: Place): boolean {
  const dir = opendirSync(tree.directory(base).self().toString(), { encoding: 'latin1' })
  try {
    return dir.readSync() === null
  } finally {
    dir.closeSync()
  }
}

/** Finds names that a file system without regard to case, or with its own way to write ü, takes for the same. */
class Spellings {
  readonly #place: Place
  /** The directory that was looked through last; questions come directory by directory. */
  #listed: { readonly path: BytePath; readonly names: ReadonlyMap<string, readonly BytePath[]> } | undefined

  constructor(place: Place) {
    this.#place = place
  }

  knows(path: BytePath): boolean {
    return this.#find('', path.split('/'))
  }

  #find(directory: BytePath, names: readonly BytePath[]): boolean {
    const [first, ...rest] = names
    if (first === undefined) return true
    const listed = this.#namesIn(directory)
    // A file or link stands where the receiver has a directory.
    if (listed === undefined) return true
    const alike = listed.get(fold(first)) ?? []
    return alike.some((name) => this.#find(joinPath(directory, name), rest))
  }

  #namesIn(path: BytePath): ReadonlyMap<string, readonly BytePath[]> | undefined {
    if (this.#listed?.path === path) return this.#listed.names
    const names = new Map<string, BytePath[]>()
    const { tree, base } = this.#place
    try {
      const self = tree.directory(joinPath(base, path)).self().toString()
      const dir = opendirSync(self, { encoding: 'latin1', bufferSize: 256 })
      try {
        for (let item = dir.readSync(); item !== null; item = dir.readSync()) {
          const key = fold(item.name)
          names.set(key, [...(names.get(key) ?? []), item.name])
        }
      } finally {
        dir.closeSync()
      }
    } catch (error) {
      const code = errno(error)
      if (code === 'ENOTDIR' || code === 'ELOOP') return undefined
      if (code !== 'ENOENT') throw error
    }
    this.#listed = { path, names }
    return names
  }
}

function fold(name: BytePath): string {
  return showPath(name).normalize('NFC').toLowerCase()
}
