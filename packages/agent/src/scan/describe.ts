import { closeSync, constants, openSync } from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import { type BytePath, type ExtendedAttribute, type Found, joinPath } from '@waybill/asc'
import { isAccessList, isOfUser, knowsExtended, readExtended } from '../platform/extended-attributes.js'
import type { FileStatus } from '../platform/file-status.js'
import type { Owners } from '../platform/owners.js'
import { errno } from '../transfer/fault.js'
import type { Place } from '../transfer/place.js'

/** What is told of files and directories beside the usual, where a task asks for it. */
export interface Particulars {
  readonly owners?: Owners | undefined
  /** Which of them are names of one file. */
  readonly links?: boolean
  /** Extended attributes of users, and with `all` access lists, too. */
  readonly extended?: 'users' | 'all' | undefined
}

export type Note = (path: BytePath, code: string, message: string) => void

/** What the attributes that a task copies ask for. */
export function particularsOf(attributes: TaskOptions['attributes'], owners: Owners): Particulars {
  const all = attributes.includes('mode') ? 'all' : 'users'
  return {
    owners: attributes.includes('owner') ? owners : undefined,
    links: attributes.includes('hardlinks'),
    extended: attributes.includes('xattr') ? all : undefined,
  }
}

/** An entry as it is announced. What cannot be told of it is noted, and is no failure. */
export function describeEntry(
  place: Place,
  path: BytePath,
  stat: FileStatus,
  { owners, links, extended }: Particulars,
  note: Note,
): Found {
  const directory = stat.isDirectory()
  const found: Found = {
    kind: directory ? 'directory' : 'file',
    path,
    size: directory ? 0 : Number(stat.size),
    mtime: stat.mtimeNs,
    mode: Number(stat.mode & 0o7777n),
    ...(!directory && { stamp: { changed: stat.ctimeNs, file: stat.ino } }),
  }
  if (owners === undefined && links !== true && extended === undefined) return found
  const owner = owners?.describe(stat.uid, stat.gid)
  const attributes = extended === undefined ? [] : extendedOf(place, path, extended, note)
  return {
    ...found,
    ...(owner !== undefined && { owner }),
    ...(links === true &&
      !directory &&
      stat.nlink > 1n && { inode: { key: `${stat.dev}:${stat.ino}`, names: Number(stat.nlink) } }),
    ...(attributes.length > 0 && { extended: attributes }),
  }
}

/** Warns once for a task that asks for what this system cannot tell. */
export function warnOfLacking({ extended }: Particulars, note: Note): void {
  if (extended === undefined || knowsExtended()) return
  note('', 'W#J060', 'Extended attributes cannot be read on this system, and are left out')
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function extendedOf(
  place: Place,
  path: BytePath,
  extended: 'users' | 'all',
  note: Note,
): readonly ExtendedAttribute[] {
  if (!knowsExtended()) return []
  let fd: number
  try {
    fd = openSync(place.tree.at(joinPath(place.base, path)), flags)
  } catch (error) {
    // That it cannot be read, or is gone, shows when its contents are.
    if (errno(error) !== 'ENOENT') note(path, 'W#J060', 'Its extended attributes cannot be read')
    return []
  }
  try {
    const wanted = (name: string) => isOfUser(name) || (extended === 'all' && isAccessList(name))
    const { attributes, left } = readExtended(fd, wanted)
    if (left.length > 0) {
      note(
        path,
        'W#J060',
        `Extended attributes are left out, too large or not to be read: ${left.join(', ')}`,
      )
    }
    return attributes
  } finally {
    closeSync(fd)
  }
}
