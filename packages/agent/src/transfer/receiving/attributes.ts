import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  openSync,
  utimesSync,
} from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import type { Entry, ExtendedAttribute, IncomingFile } from '@waybill/asc'
import type { FsPath } from '../../platform/directories.js'
import { isAccessList, isOfUser, setExtended } from '../../platform/extended-attributes.js'
import type { Owners } from '../../platform/owners.js'
import { errno, Fault, faultOf } from '../fault.js'
import { toSeconds } from '../times.js'

type Described = Pick<Entry, 'mtime' | 'mode' | 'owner' | 'extended'>

/** What is copied beside the contents of files. `permissions` are under the umask, `mode` is exact. */
export interface Attributes {
  readonly times: boolean
  readonly permissions: boolean
  readonly mode: boolean
  /** Set where owners are copied. */
  readonly owners: Owners | undefined
  /** Names of one file stay that. */
  readonly links: boolean
  readonly extended: boolean
  /** What the task's files lack for a reason that is the same for all, and was told already. */
  readonly told: Set<string>
}

export function attributesOf({ attributes }: TaskOptions, owners: Owners): Attributes {
  return {
    times: attributes.includes('times'),
    permissions: attributes.includes('permissions'),
    mode: attributes.includes('mode'),
    owners: attributes.includes('owner') ? owners : undefined,
    links: attributes.includes('hardlinks'),
    extended: attributes.includes('xattr'),
    told: new Set(),
  }
}

/** The mode that a new file is made with, before the umask; the agent can always read and write it. */
export function modeOfNew(entry: Described, { permissions, mode }: Attributes): number {
  return permissions || mode ? (entry.mode & 0o777) | 0o600 : 0o666
}

/** Whether the agent might not be able to open the file any more once it has its mode. */
export function closesItself(entry: Described, { mode }: Attributes): boolean {
  return mode && (entry.mode & 0o600) !== 0o600
}

/** Gives an open file its attributes. Tells `warn` what could not be set: that is no failure. */
export function setOnFile(fd: number, entry: Described, attributes: Attributes, warn: Warn): void {
  if (isUsual(entry, attributes)) {
    // What nearly every file needs, and nothing else.
    try {
      const seconds = toSeconds(entry.mtime)
      futimesSync(fd, seconds, seconds)
      return
    } catch {
      // The long way says what is wrong.
    }
  }
  set(entry, attributes, warn, {
    times: (seconds) => futimesSync(fd, seconds, seconds),
    owner: (uid, gid) => fchownSync(fd, uid, gid),
    mode: (mode) => fchmodSync(fd, mode),
    extended: (attribute) => setExtended(fd, attribute),
  })
}

/** The same for a directory, by a path that leads to it and nowhere else. */
export function setOnDirectory(path: FsPath, entry: Described, attributes: Attributes, warn: Warn): void {
  set(entry, attributes, warn, {
    times: (seconds) => utimesSync(path, seconds, seconds),
    owner: (uid, gid) => chownSync(path, uid, gid),
    // Of a directory that it cannot enter the agent could not even copy the next version.
    mode: (mode) => chmodSync(path, mode | 0o700),
    extended: (attribute) => setOnOpened(path, attribute),
  })
}

function isUsual({ extended }: Described, { times, mode, owners }: Attributes): boolean {
  return times && !mode && owners === undefined && extended === undefined
}

export type Warn = (message: string) => void

interface Setters {
  times(seconds: number): void
  owner(uid: number, gid: number): void
  mode(mode: number): void
  extended(attribute: ExtendedAttribute): void
}

function set(entry: Described, attributes: Attributes, warn: Warn, to: Setters): void {
  const attempt = (what: string, action: () => void) => {
    try {
      action()
    } catch (error) {
      warn(faultOf(error, 'write', `Cannot set the ${what}`).message)
    }
  }
  const { owners } = attributes
  const { owner } = entry
  const setEach = (which: (name: string) => boolean) => {
    for (const attribute of attributes.extended ? (entry.extended ?? []) : []) {
      if (!which(attribute.name)) continue
      attempt(`extended attribute ${attribute.name}`, () => {
        try {
          to.extended(attribute)
        } catch (error) {
          if (errno(error) !== 'ENOTSUP') throw error
          if (attributes.told.has('extended')) return
          attributes.told.add('extended')
          throw new Fault('E#J057', 'Extended attributes cannot be kept here, and are left out')
        }
      })
    }
  }
  // First, since who gives a file away, or makes it read-only, may not set them any more.
  setEach(isOfUser)
  if (owners !== undefined && owner !== undefined) {
    attempt('owner', () => {
      const { uid, gid } = owners.idsHere(owner)
      to.owner(uid, gid)
    })
  }
  // After the owner, whose change takes some bits away. Never those that run a program as its owner.
  if (attributes.mode) attempt('mode', () => to.mode(entry.mode & 0o777))
  // Lists hold permission bits as well. Only where those are wanted exactly, and whom they name is root's to say.
  if (attributes.mode && process.getuid?.() === 0) setEach(isAccessList)
  if (attributes.times) attempt('times', () => to.times(toSeconds(entry.mtime)))
}

function setOnOpened(path: FsPath, attribute: ExtendedAttribute): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    setExtended(fd, attribute)
  } finally {
    closeSync(fd)
  }
}

/** Notes that an attribute of a file could not be set. */
export function warn(file: IncomingFile, words: string): void {
  file.task.note(file.entry.path, 'W#J060', words)
}
