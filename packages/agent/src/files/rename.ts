import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { WaybillError } from '@waybill/api'
import { type BytePath, baseName, parentPath } from '@waybill/asc'
import { errno } from '../transfer/fault.js'
import { isMissing } from './failure.js'
import { type HeldPath, isOurs, lookAt } from './place.js'

/**
 * Gives a file or directory another name, also in another directory of the same root. What is there is never
 * replaced: files get their new name by a link, which the system refuses where the name is taken, and lose the
 * old one then. For directories, and where a storage has no links, it is looked first: somebody who takes the
 * name in between loses at most an empty directory, or without links a file of that moment.
 */
export function rename(from: HeldPath, to: BytePath): void {
  const { tree, base } = from
  if (base === '' || to === '') throw new WaybillError('forbidden', 'the root of a share cannot be moved')
  if (isOurs(to)) throw new WaybillError('bad_request', 'the name is one of those for unfinished transfers')
  if (base === to) throw new WaybillError('conflict', 'it has that name and place already')
  if (to.startsWith(`${base}/`))
    throw new WaybillError('bad_request', 'a directory cannot be put into itself')
  const source = lookAt(from)
  if (source === undefined) throw Object.assign(new Error('ENOENT: source'), { code: 'ENOENT' })
  demandDirectory(from, parentPath(to))
  const target = lstatSync(tree.at(to), { bigint: true, throwIfNoEntry: false })
  if (target !== undefined) {
    // The same name in another case, on a storage that knows no case.
    const same = target.ino === source.ino && target.dev === source.dev && sameName(base, to)
    if (!same) throw taken()
    renameHeld(from, to)
    return
  }
  if (source.isDirectory() || !relink(from, to)) renameHeld(from, to)
}

const withoutLinks = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EINVAL']

/** False where the storage makes no links. */
function relink({ tree, base }: HeldPath, to: BytePath): boolean {
  // Both stay valid: at most two directories are asked for, and the tree holds many.
  const [source, target] = [tree.at(base), tree.at(to)]
  try {
    linkSync(source, target)
  } catch (error) {
    if (errno(error) === 'EEXIST') throw taken()
    if (withoutLinks.includes(errno(error))) return false
    throw error
  }
  try {
    unlinkSync(source)
  } catch (error) {
    unlinkSync(target)
    throw error
  }
  return true
}

function renameHeld({ tree, base }: HeldPath, to: BytePath): void {
  try {
    const [source, target] = [tree.at(base), tree.at(to)]
    renameSync(source, target)
  } catch (error) {
    // A file, or a directory with something in it, took the name in between.
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'].includes(errno(error))) throw taken()
    throw error
  }
}

function demandDirectory({ tree }: HeldPath, path: BytePath): void {
  try {
    tree.directory(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new WaybillError('conflict', 'the directory that it should go into is not there; make it first')
  }
}

function taken(): WaybillError {
  return new WaybillError('conflict', 'something of that name is there already')
}

function sameName(a: BytePath, b: BytePath): boolean {
  const plain = (path: BytePath) => Buffer.from(baseName(path), 'latin1').toString().toLowerCase()
  return parentPath(a) === parentPath(b) && plain(a) === plain(b)
}
