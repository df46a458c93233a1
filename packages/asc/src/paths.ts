import { maxName, maxPath } from './limits.js'

/**
 * A path relative to its task: one character per byte (latin1), `/` between names, empty for the task's own
 * root. Bytes, because file names need not be text.
 */
export type BytePath = string

/**
 * Why a path that a peer sent is refused, or undefined. Nothing that passes can name a place outside the
 * directory it is resolved in, other than through a symbolic link, which the file system code never follows.
 */
export function pathFault(path: BytePath): string | undefined {
  if (path === '') return undefined
  if (path.length > maxPath) return 'the path is too long'
  if (path.includes('\0')) return 'the path holds a NUL byte'
  for (const name of path.split('/')) {
    if (name === '') return 'the path is absolute or has an empty name'
    if (name === '.' || name === '..') return 'the path has a . or .. part'
    if (name.length > maxName) return 'a name is longer than 255 bytes'
  }
  return undefined
}

export function parentPath(path: BytePath): BytePath {
  const cut = path.lastIndexOf('/')
  return cut < 0 ? '' : path.slice(0, cut)
}

export function baseName(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function joinPath(parent: BytePath, name: BytePath): BytePath {
  if (parent === '') return name
  return name === '' ? parent : `${parent}/${name}`
}

/** How a path is shown to people: as UTF-8, whatever does not decode replaced. */
export function showPath(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}
