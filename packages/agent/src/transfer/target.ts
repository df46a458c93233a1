import { closeSync, constants, futimesSync, lstatSync, openSync, utimesSync, writeSync } from 'node:fs'
import { type BytePath, baseName, type Entry, joinPath, showPath } from '@waybill/asc'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { flushFileSystem, syncPath } from '../platform/durability.js'
import { errno, Fault } from './fault.js'
import { removeQuietly } from './journal.js'
import type { Place } from './place.js'
import { isTemporary, journalName } from './temporary.js'
import { sameTime, toSeconds } from './times.js'

/** The final path of an entry beneath its tree. */
export function targetOf(place: Place, entry: Entry): BytePath {
  return joinPath(place.base, entry.path)
}

/** Tries once more with fresh handles: somebody may have moved or deleted a directory that was held. */
export function retryStale<T>(tree: DirectoryTree, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
    tree.forget()
    return action()
  }
}

/** Whether the very file is there already. Throws a fault where something else is in its way. */
export function holdsSame(place: Place, entry: Entry): boolean {
  const target = targetOf(place, entry)
  if (isTemporary(baseName(target)))
    throw new Fault('E#J006', 'Refused: the name is one of our own temporary ones')
  const at = retryStale(place.tree, () => place.tree.at(target, true))
  const stat = lstatSync(at, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return false
  if (stat.isDirectory()) {
    throw new Fault('E#J057', `Cannot write ${showPath(target)}: a directory is in the way of the file`)
  }
  return stat.isFile() && Number(stat.size) === entry.size && sameTime(stat.mtimeNs, entry.mtime)
}

export function makeDirectory(place: Place, entry: Entry): void {
  const target = targetOf(place, entry)
  try {
    retryStale(place.tree, () => place.tree.directory(target, true))
  } catch (error) {
    const code = errno(error)
    if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error
    throw new Fault(
      'E#J057',
      `Cannot write into ${showPath(target)}: a file or symbolic link is in the way of the directory`,
    )
  }
}

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Writes a whole small file to its temporary name. */
export function writePart(
  tree: DirectoryTree,
  part: BytePath,
  target: BytePath,
  entry: Entry,
  data: Buffer,
): void {
  const fd = openNew(tree, part, target, (entry.mode & 0o777) | 0o600)
  try {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at)
    const seconds = toSeconds(entry.mtime)
    futimesSync(fd, seconds, seconds)
  } finally {
    closeSync(fd)
  }
}

function openNew(tree: DirectoryTree, part: BytePath, target: BytePath, mode: number): number {
  try {
    return openSync(tree.at(part, true), newFile, mode)
  } catch (error) {
    const code = errno(error)
    if (code === 'ENOENT') tree.forget()
    else if (code !== 'EEXIST') throw error
  }
  // What an interrupted session left is of no use here.
  const at = tree.at(part, true)
  removeQuietly(at)
  removeQuietly(tree.at(journalName(target)))
  return openSync(tree.at(part, true), newFile, mode)
}

/** Directories of a task with the times that they get when nothing comes into them any more. */
export interface DirectoryTime {
  readonly path: BytePath
  readonly mtime: bigint
}

const slice = 500

/** Gives directories their times, and makes those that were created durable. */
export async function finishDirectories(tree: DirectoryTree, times: readonly DirectoryTime[]): Promise<void> {
  for (const [index, { path, mtime }] of times.entries()) {
    const seconds = toSeconds(mtime)
    utimesSync(tree.directory(path).self(), seconds, seconds)
    if (index % slice === slice - 1) await new Promise(setImmediate)
  }
  const changed = tree.takeChanged()
  const [first] = changed
  if (first === undefined) return
  if (changed.length >= 8 && (await flushFileSystem(tree.directory(first).self()))) return
  for (const path of changed) await syncPath(tree.directory(path).self(), true)
}
