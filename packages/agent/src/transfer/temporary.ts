import { type BytePath, baseName, joinPath, parentPath } from '@waybill/asc'
import { hash128 } from './hash.js'

/**
 * Names of what is not finished yet, beside its target: short and of fixed length, so that a target whose
 * name has 255 bytes has them too, and the same for the same target, so that a later session finds them.
 */
export function partName(target: BytePath): BytePath {
  return joinPath(parentPath(target), `.waybill-${key(target)}.part`)
}

/** The journal of verified chunks beside a part. */
export function journalName(target: BytePath): BytePath {
  return joinPath(parentPath(target), `.waybill-${key(target)}.journal`)
}

const ours = /^\.waybill-[0-9a-f]{32}\.(?:part|journal)$/

/** Whether a file name is one of those: never sent on, never accepted from a peer. */
export function isTemporary(name: BytePath): boolean {
  return name.startsWith('.waybill-') && ours.test(name)
}

/** The directory that onewaysync moves to what it would delete, at the top of a volume or destination. */
export const trashName: BytePath = '.waybill-trash'

/** Whether a name is the trash's, as any file system may spell it. */
export function isTrash(name: BytePath): boolean {
  return name.length >= trashName.length && /^\.waybill-trash[. ]*$/i.test(name)
}

/** Whether a path leads to the trash or into it. */
export function leadsToTrash(path: BytePath): boolean {
  return /(?:^|\/)\.waybill-trash[. ]*(?:\/|$)/i.test(path)
}

/** Whether a name is one of our own: what bears it is no part of anybody's files. */
export function isOwnName(name: BytePath): boolean {
  return isTemporary(name) || isTrash(name)
}

function key(target: BytePath): string {
  return hash128(Buffer.from(baseName(target), 'latin1')).toString('hex')
}
