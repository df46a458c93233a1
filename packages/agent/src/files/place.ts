import { type BigIntStats, lstatSync, realpathSync } from 'node:fs'
import { isAbsolute, parse, sep } from 'node:path'
import { WaybillError } from '@waybill/api'
import { type BytePath, baseName, pathFault } from '@waybill/asc'
import { DirectoryTree } from '../platform/directory-tree.js'
import { demandSpelling, takesOtherSpellings } from '../platform/spelling.js'
import { isTemporary, leadsToTrash } from '../transfer/temporary.js'

/** A path beneath a directory that is held: nothing above it can be reached, and no link is followed. */
export interface HeldPath {
  readonly tree: DirectoryTree
  readonly base: BytePath
}

export interface Asked {
  /** The directory that nothing leaves; null for an absolute path of the machine's own. */
  readonly root: string | null
  readonly exact: boolean
}

/**
 * Holds the root, runs `work` on paths beneath it and lets go. What a path leads to is looked up while it is
 * held, so that what others do to the directories meanwhile leads nowhere else.
 */
export function withRoot<T>(asked: Asked, work: (hold: (path: string) => HeldPath) => T): T {
  let tree: DirectoryTree | undefined
  try {
    return work((path) => {
      const held = holdPath(asked, path, tree)
      // An own path comes with a tree of its own each time.
      if (tree !== held.tree) tree?.close()
      tree = held.tree
      return held
    })
  } finally {
    tree?.close()
  }
}

/** The same to keep; whoever asks closes the tree. */
export function holdPath({ root, exact }: Asked, path: string, open?: DirectoryTree): HeldPath {
  if (root === null) return ownPath(path)
  const base = bytesOf(path)
  const fault = pathFault(base)
  if (fault !== undefined || (sep === '\\' && path.includes('\\'))) {
    throw new WaybillError('bad_request', `Refused: ${fault ?? 'a name holds a backslash'}`)
  }
  const tree = open ?? holdRoot(root)
  try {
    if (exact && base !== '' && takesOtherSpellings(tree.path)) demandSpelling(tree, base)
    return { tree, base }
  } catch (error) {
    if (open === undefined) tree.close()
    throw error
  }
}

/** A root that is gone is not the same as nothing in it. */
function holdRoot(root: string): DirectoryTree {
  try {
    return new DirectoryTree(realpathSync.native(root))
  } catch (cause) {
    const words = 'the directory of the share is not there, or cannot be used; is its drive gone?'
    throw new WaybillError('unreachable', words, { cause })
  }
}

/** What is there, if it is a file or directory: everything else is as good as absent. */
export function lookAt({ tree, base }: HeldPath): BigIntStats | undefined {
  if (isOurs(base)) return undefined
  const stat = lstatSync(tree.at(base), { bigint: true, throwIfNoEntry: false })
  return stat?.isFile() === true || stat?.isDirectory() === true ? stat : undefined
}

/** Whether a symbolic link stands at the path or above it. Asked where nothing was found, to say why. */
export function isBehindLink({ tree, base }: HeldPath): boolean {
  let here = ''
  for (const name of base.split('/')) {
    here = here === '' ? name : `${here}/${name}`
    try {
      const stat = lstatSync(tree.at(here), { throwIfNoEntry: false })
      if (stat?.isDirectory() !== true) return stat?.isSymbolicLink() === true
    } catch {
      return false
    }
  }
  return false
}

/** Whether it is in the trash, or named like what transfers leave beside unfinished files, in any case. */
export function isOurs(base: BytePath): boolean {
  return isTemporary(baseName(base).toLowerCase()) || leadsToTrash(base)
}

export function bytesOf(text: string): BytePath {
  return Buffer.from(text).toString('latin1')
}

/** The text of a name's bytes, and whether they were UTF-8. */
export function textOf(name: BytePath): { readonly text: string; readonly sound: boolean } {
  const text = Buffer.from(name, 'latin1').toString('utf8')
  return { text, sound: !text.includes('\ufffd') || bytesOf(text) === name }
}

/** Years 1 to 9999, as dates are written; some file systems can hold others. */
const [firstMoment, lastMoment] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59Z')]

export function msOf(stat: BigIntStats): number {
  return Math.max(firstMoment, Math.min(lastMoment, Number(stat.mtimeMs)))
}

export function sizeOf(stat: BigIntStats): number {
  return Math.min(Number(stat.size), Number.MAX_SAFE_INTEGER)
}

/** On the user's own machine links are the user's own affair: the real path is held. */
function ownPath(path: string): HeldPath {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new WaybillError('bad_request', 'Refused: the path is not absolute on this machine')
  }
  const real = realpathSync.native(path, 'buffer').toString('latin1')
  const top = parse(Buffer.from(real, 'latin1').toString('utf8')).root
  const beneath = real.slice(bytesOf(top).length)
  return { tree: new DirectoryTree(top), base: sep === '/' ? beneath : beneath.replaceAll(sep, '/') }
}
