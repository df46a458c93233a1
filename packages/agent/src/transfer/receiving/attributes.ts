import { chmodSync, chownSync, fchmodSync, fchownSync, futimesSync, utimesSync } from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import type { Entry } from '@waybill/asc'
import type { FsPath } from '../../platform/directories.js'
import type { Owners } from '../../platform/owners.js'
import { faultOf } from '../fault.js'
import { toSeconds } from '../times.js'

type Described = Pick<Entry, 'mtime' | 'mode' | 'owner'>

/** What is copied beside the contents of files. `permissions` are under the umask, `mode` is exact. */
export interface Attributes {
  readonly times: boolean
  readonly permissions: boolean
  readonly mode: boolean
  /** Set where owners are copied. */
  readonly owners: Owners | undefined
}

export function attributesOf({ attributes }: TaskOptions, owners: Owners): Attributes {
  return {
    times: attributes.includes('times'),
    permissions: attributes.includes('permissions'),
    mode: attributes.includes('mode'),
    owners: attributes.includes('owner') ? owners : undefined,
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
  if (isUsual(attributes)) {
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
  })
}

/** The same for a directory, by a path that leads to it and nowhere else. */
export function setOnDirectory(path: FsPath, entry: Described, attributes: Attributes, warn: Warn): void {
  set(entry, attributes, warn, {
    times: (seconds) => utimesSync(path, seconds, seconds),
    owner: (uid, gid) => chownSync(path, uid, gid),
    // Of a directory that it cannot enter the agent could not even copy the next version.
    mode: (mode) => chmodSync(path, mode | 0o700),
  })
}

function isUsual({ times, mode, owners }: Attributes): boolean {
  return times && !mode && owners === undefined
}

export type Warn = (message: string) => void

interface Setters {
  times(seconds: number): void
  owner(uid: number, gid: number): void
  mode(mode: number): void
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
  if (owners !== undefined && owner !== undefined) {
    attempt('owner', () => {
      const { uid, gid } = owners.idsHere(owner)
      to.owner(uid, gid)
    })
  }
  // After the owner, whose change takes some bits away. Never those that run a program as its owner.
  if (attributes.mode) attempt('mode', () => to.mode(entry.mode & 0o777))
  if (attributes.times) attempt('times', () => to.times(toSeconds(entry.mtime)))
}
