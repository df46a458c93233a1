import { closeSync, constants, fsyncSync, lstatSync, openSync, writeSync } from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import { type BytePath, baseName, type Entry, joinPath, showPath } from '@waybill/asc'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { flushFileSystem, syncPath } from '../platform/durability.js'
import type { FileStatus } from '../platform/file-status.js'
import { differenceOf } from './comparison.js'
import { errno, Fault } from './fault.js'
import { removeQuietly } from './journal.js'
import type { Place } from './place.js'
import {
  type Attributes,
  closesItself,
  modeOfNew,
  setOnDirectory,
  setOnFile,
  type Warn,
} from './receiving/attributes.js'
import type { Directory } from './receiving/directory-list.js'
import { isTemporary, journalName, leadsToTrash, partName } from './temporary.js'

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

/** A peer must not name what is ours: parts and journals, and the trash. */
export function refuseOwnNames(target: BytePath): void {
  if (isTemporary(baseName(target)) || leadsToTrash(target))
    throw new Fault('E#J006', 'Refused: the name is one of our own')
}

/**
 * Whether what is there already will do: `current`, `outdated` (or nothing is there), or `unknown` until it was
 * compared with the source. Throws a fault where something else is in its way. `isFresh`: its directory was made
 * for it, and nothing can be there.
 */
export function stateOf(
  place: Place,
  entry: Entry,
  { comparison, ignoreExisting }: Pick<TaskOptions, 'comparison' | 'ignoreExisting'>,
  isFresh = false,
): 'current' | 'outdated' | 'unknown' {
  const target = targetOf(place, entry)
  refuseOwnNames(target)
  if (isFresh) return 'outdated'
  const stat = retryStale(place.tree, () => look(place.tree, target))
  if (stat === undefined) return 'outdated'
  if (stat.isDirectory()) {
    throw new Fault('E#J057', `Cannot write ${showPath(target)}: a directory is in the way of the file`)
  }
  if (ignoreExisting) return 'current'
  if (!stat.isFile()) return 'outdated'
  const difference = differenceOf(stat, entry, comparison)
  if (difference === undefined) return 'current'
  return difference === 'unknown' ? 'unknown' : 'outdated'
}

function look(tree: DirectoryTree, target: BytePath): FileStatus | undefined {
  if (target !== '') return tree.status(target, true)
  return lstatSync(tree.at(target), { bigint: true, throwIfNoEntry: false })
}

/** Answers whether the directory was made now. */
export function makeDirectory(place: Place, entry: Entry): boolean {
  const target = targetOf(place, entry)
  refuseOwnNames(target)
  try {
    return retryStale(place.tree, () => place.tree.make(target))
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

/** Writes a whole small file to its temporary name. Answers whether it is durable already. */
export function writePart(
  tree: DirectoryTree,
  target: BytePath,
  entry: Entry,
  data: Buffer,
  attributes: Attributes,
  warn: Warn,
): boolean {
  const fd = openNew(tree, partName(target), target, modeOfNew(entry, attributes))
  const alone = closesItself(entry, attributes)
  try {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at)
    setOnFile(fd, entry, attributes, warn)
    if (alone) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return alone
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

const slice = 500

/** Gives directories (by their paths in the tree) their attributes, and makes those that were created durable. */
export async function finishDirectories(
  tree: DirectoryTree,
  directories: Iterable<Directory>,
  attributes: Attributes,
  warn: (path: BytePath, message: string) => void,
): Promise<void> {
  let done = 0
  for (const directory of directories) {
    const at = tree.directory(directory.path).self()
    setOnDirectory(at, directory, attributes, (message) => warn(directory.path, message))
    if (++done % slice === 0) await new Promise(setImmediate)
  }
  await syncChanged(tree)
}

/** Makes directories that were created durable. */
export async function syncChanged(tree: DirectoryTree): Promise<void> {
  const changed = tree.takeChanged()
  const [first] = changed
  if (first === undefined) return
  try {
    if (changed.length >= 8 && (await flushFileSystem(tree.directory(first).self()))) return
    for (const path of changed) await syncPath(tree.directory(path).self(), true)
  } catch (error) {
    for (const path of changed) tree.noteChanged(path)
    throw error
  }
}
