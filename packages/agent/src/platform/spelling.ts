import { lstatSync, opendirSync, statfsSync } from 'node:fs'
import { type BytePath, baseName, parentPath } from '@waybill/asc'
import type { DirectoryTree } from './directory-tree.js'

/**
 * File systems of Linux that find an entry by another spelling than it was made with: other case, or the short
 * names of DOS. Numbers of statfs(2): vfat, exfat, ntfs, ntfs3, cifs, smb2, fuse.
 */
const aliasing = new Set([0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0xff534d42, 0xfe534d42, 0x65735546])

/** Whether the storage may know one entry by several names. */
export function takesOtherSpellings(path: string): boolean {
  if (process.platform !== 'linux') return true
  // The field is signed on some systems.
  return aliasing.has(statfsSync(path).type >>> 0)
}

/**
 * Throws ENOENT when some name of a path that is there stands otherwise in its directory: rights are on names,
 * and must not be got around by spelling one `HOMES`, or `HOMES~1`. What is not there may be spelled anyhow.
 */
export function demandSpelling(tree: DirectoryTree, path: BytePath): void {
  let below = ''
  for (const name of path.split('/')) {
    const here = below === '' ? name : `${below}/${name}`
    if (!isListed(tree, here) && isThere(tree, here)) {
      throw Object.assign(new Error('ENOENT: spelled otherwise'), { code: 'ENOENT' })
    }
    below = here
  }
}

function isListed(tree: DirectoryTree, path: BytePath): boolean {
  const name = baseName(path)
  try {
    const listing = opendirSync(tree.directory(parentPath(path)).self().toString(), { encoding: 'latin1' })
    try {
      for (let item = listing.readSync(); item !== null; item = listing.readSync()) {
        if (item.name === name) return true
      }
      return false
    } finally {
      listing.closeSync()
    }
  } catch {
    // Not there, or not to be listed: whoever goes on will find out.
    return false
  }
}

function isThere(tree: DirectoryTree, path: BytePath): boolean {
  try {
    return lstatSync(tree.at(path), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
