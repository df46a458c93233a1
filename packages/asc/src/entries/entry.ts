import type { ByteReader, ByteWriter } from '../bytes.js'
import type { BytePath } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'
import { type ExtendedAttribute, extendedBytes, readExtended, writeExtended } from './extended.js'

/** What changes with every write to a file, also where its size and time are set back. */
export interface Stamp {
  /** When anything of the file changed last; nanoseconds since 1970. */
  readonly changed: bigint
  /** Which file it is, among those of its file system; absent where that is not to be relied on. */
  readonly file?: bigint
}

/** A file or directory that the sender has, as it was when it was scanned. */
export interface Entry {
  /** Grows by one with each entry of a session, so that late frames are told from wrong ones. */
  readonly id: number
  readonly task: number
  readonly kind: 'file' | 'directory'
  readonly path: BytePath
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  /** Permission bits. */
  readonly mode: number
  /** Whom it belongs to; only where the task's options ask for it. */
  readonly owner?: Owner
  /** One of several names of a file; only where the task's options ask for it. */
  readonly link?: Link
  /** What it has beside its contents; only where the task's options ask for it. */
  readonly extended?: readonly ExtendedAttribute[]
  /** Known at the sender alone, and never sent: how to tell that somebody wrote to it. */
  readonly stamp?: Stamp
}

/** Ties together the entries that are names of one file. */
export interface Link {
  /** The entry of its first name, which may be this one. */
  readonly first: number
  /** How many names it has, wherever they are: 2 at least. */
  readonly names: number
}

/** Numbers as the sender's system has them, with their names there; a name that is not known is empty. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
}

/** The least that an entry takes in a frame. */
export const entryBytes = 4 + 4 + 1 + 2 + 8 + 8 + 2

const maxOwnerName = 256
/** Flags in the kind of an entry. */
const isDirectory = 1
const hasOwner = 2
const hasLink = 4
const hasExtended = 8
const knownFlags = isDirectory | hasOwner | hasLink | hasExtended

/** Bytes that an entry takes in a frame, at most. */
export function entryLength({ path, owner, link, extended }: Entry): number {
  const ofOwner = owner === undefined ? 0 : 4 + 4 + 2 * (2 + maxOwnerName)
  return entryBytes + path.length + ofOwner + (link === undefined ? 0 : 4 + 4) + extendedBytes(extended)
}

export function writeEntry(out: ByteWriter, entry: Entry): void {
  const { owner, link, extended } = entry
  let kind = entry.kind === 'file' ? 0 : isDirectory
  if (owner !== undefined) kind |= hasOwner
  if (link !== undefined) kind |= hasLink
  if (extended !== undefined) kind |= hasExtended
  out.u32(entry.id).u32(entry.task).u8(kind)
  out.u16(entry.mode).size(entry.size).i64(entry.mtime).binary(entry.path)
  if (owner !== undefined) {
    out.u32(owner.uid).u32(owner.gid).text(owner.user, maxOwnerName).text(owner.group, maxOwnerName)
  }
  if (link !== undefined) out.u32(link.first).u32(link.names)
  if (extended !== undefined) writeExtended(out, extended)
}

export function readEntry(read: ByteReader): Entry {
  const id = read.u32()
  const task = read.u32()
  const kind = read.u8()
  if (kind > knownFlags) throw new ProtocolError('frame', 'an entry of unknown kind')
  const mode = read.u16()
  const entry: Entry = {
    id,
    task,
    kind: (kind & isDirectory) === 0 ? 'file' : 'directory',
    mode,
    size: read.size(),
    mtime: read.i64(),
    path: read.binary(0xffff),
  }
  if (kind <= isDirectory) return entry
  return {
    ...entry,
    ...((kind & hasOwner) !== 0 && { owner: readOwner(read) }),
    ...((kind & hasLink) !== 0 && { link: readLink(read, entry) }),
    ...((kind & hasExtended) !== 0 && { extended: readExtended(read) }),
  }
}

function readLink(read: ByteReader, { id, kind }: Entry): Link {
  const link = { first: read.u32(), names: read.u32() }
  if (kind === 'directory') throw new ProtocolError('frame', 'a directory with several names')
  if (link.names < 2 || link.first > id) throw new ProtocolError('frame', 'a link that makes no sense')
  return link
}

function readOwner(read: ByteReader): Owner {
  return {
    uid: read.u32(),
    gid: read.u32(),
    user: read.text(maxOwnerName),
    group: read.text(maxOwnerName),
  }
}
