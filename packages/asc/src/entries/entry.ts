import type { ByteReader, ByteWriter } from '../bytes.js'
import type { BytePath } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'

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
const knownFlags = isDirectory | hasOwner

export function writeEntry(out: ByteWriter, entry: Entry): void {
  out
    .u32(entry.id)
    .u32(entry.task)
    .u8((entry.kind === 'file' ? 0 : isDirectory) | (entry.owner === undefined ? 0 : hasOwner))
  out.u16(entry.mode).size(entry.size).i64(entry.mtime).binary(entry.path)
  if (entry.owner === undefined) return
  const { uid, gid, user, group } = entry.owner
  out.u32(uid).u32(gid).text(user, maxOwnerName).text(group, maxOwnerName)
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
  return (kind & hasOwner) === 0 ? entry : { ...entry, owner: readOwner(read) }
}

function readOwner(read: ByteReader): Owner {
  return {
    uid: read.u32(),
    gid: read.u32(),
    user: read.text(maxOwnerName),
    group: read.text(maxOwnerName),
  }
}
