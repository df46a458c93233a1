import { realpathSync } from 'node:fs'
import { isAbsolute, join, parse, relative, sep } from 'node:path'
import type { Location } from '@waybill/api'
import { type BytePath, joinPath, parentPath, pathFault } from '@waybill/asc'
import { DirectoryTree } from '../platform/directory-tree.js'
import { makeDirectories } from '../platform/make-directories.js'
import { parseSequence, type Sequence } from '../scan/sequence.js'
import { errno, Fault, faultOf } from './fault.js'
import { isTrash, leadsToTrash } from './temporary.js'

/** Where a task reads or writes: `base` beneath a held directory. */
export interface Place {
  readonly tree: DirectoryTree
  readonly base: BytePath
}

export interface SourcePlace extends Place {
  /** `base` is then the directory of its frames. */
  readonly sequence?: Sequence
}

/**
 * Turns the locations that the control plane names into held directories, one per root, and refuses what
 * would leave its root. For one session, or one measurement; `close` lets go of the directories.
 */
export class Places {
  readonly #trees = new Map<string, DirectoryTree>()

  /** Symbolic links on the way to the source itself may be followed as long as they stay in the root. */
  source(location: Location): SourcePlace {
    const parts = this.#parts(location)
    const sequence = parseSequence(parts.at(-1) ?? '')
    if (sequence !== undefined) {
      try {
        return this.#realSource(location, parts)
      } catch {
        return { ...this.#realSource(location, parts.slice(0, -1)), sequence }
      }
    }
    return this.#realSource(location, parts)
  }

  /** The final path of a task at its receiver. With `root` no link is followed, and nothing created here. */
  target(location: Location): Place {
    const parts = this.#parts(location)
    if (location.root !== null) {
      return { tree: this.#tree(realRoot(location.root)), base: toBytes(parts.join('/')) }
    }
    const top = parse(location.path).root
    const parent = join(top, ...parts.slice(0, -1))
    try {
      const made = makeDirectories(parent)
      const held = this.#beneathTop(realpathSync.native(parent, 'buffer').toString('latin1'))
      if (made !== undefined) noteMade(held, relative(made, parent))
      return { tree: held.tree, base: joinPath(held.base, toBytes(parts.at(-1) ?? '')) }
    } catch (error) {
      throw faultOf(error, 'write', `Cannot make the directory ${parent}`)
    }
  }

  /** The same to look at only: nothing is made, and what is not there yet is not there. */
  peek(location: Location): Place {
    if (location.root !== null) return this.target(location)
    const parts = this.#parts(location)
    const top = parse(location.path).root
    for (let held = Math.max(0, parts.length - 1); ; held--) {
      const parent = join(top, ...parts.slice(0, held))
      try {
        const { tree, base } = this.#beneathTop(realpathSync.native(parent, 'buffer').toString('latin1'))
        return { tree, base: joinPath(base, toBytes(parts.slice(held).join('/'))) }
      } catch (error) {
        if (errno(error) !== 'ENOENT' || held === 0) throw faultOf(error, 'write', `Cannot look at ${parent}`)
      }
    }
  }

  close(): void {
    for (const tree of this.#trees.values()) tree.close()
    this.#trees.clear()
  }

  /** The names of a location's path, checked: nothing but names. */
  #parts(location: Location): string[] {
    const { root, path } = location
    if (root !== null && (isAbsolute(path) || path.startsWith('/'))) {
      throw new Fault('E#J006', `Refused: ${path} is absolute, but has to lie beneath its share`)
    }
    if (root === null && !isAbsolute(path)) throw new Fault('E#J006', `Refused: ${path} is not absolute`)
    const beneath = root === null ? path.slice(parse(path).root.length) : path
    return this.#names(beneath)
  }

  #names(path: string): string[] {
    const split = process.platform === 'win32' ? /[\\/]/ : '/'
    const names = path.split(split).filter((name) => name !== '' && name !== '.')
    const fault = pathFault(toBytes(names.join('/')))
    if (fault !== undefined) throw new Fault('E#J006', `Refused: ${path}: ${fault}`)
    if (names.some(isTrash)) throw inTrash(path)
    return names
  }

  #realSource(location: Location, parts: readonly string[]): Place {
    const { root, path } = location
    let real: BytePath
    try {
      const start = root ?? parse(path).root
      real = realpathSync.native(join(start, ...parts), 'buffer').toString('latin1')
    } catch (error) {
      throw faultOf(error, 'read', `Cannot find ${path}`)
    }
    if (leadsToTrash(slashes(real))) throw inTrash(path)
    if (root === null) return this.#beneathTop(real)
    const top = realRoot(root)
    const topBytes = toBytes(top)
    const share =
      location.within === undefined ? topBytes : toBytes(realRoot(join(top, ...this.#names(location.within))))
    if (!isIn(share, topBytes) || !isIn(real, share)) {
      throw new Fault('E#J006', `Refused: ${path} leads out of its share`)
    }
    return { tree: this.#tree(top), base: slashes(real.slice(folder(topBytes).length)) }
  }

  #beneathTop(real: BytePath): Place {
    const top = parse(Buffer.from(real, 'latin1').toString('utf8')).root
    return { tree: this.#tree(top), base: slashes(real.slice(top.length)) }
  }

  #tree(root: string): DirectoryTree {
    let tree = this.#trees.get(root)
    if (tree === undefined) {
      tree = new DirectoryTree(root)
      this.#trees.set(root, tree)
    }
    return tree
  }
}

/** Whether a real path is a directory, or lies in it. */
function isIn(path: BytePath, directory: BytePath): boolean {
  return path === directory || path.startsWith(folder(directory))
}

/** A directory as what lies in it begins. */
function folder(directory: BytePath): BytePath {
  return directory.endsWith(sep) ? directory : directory + sep
}

/** What was deleted may lie there from homes that are closed to whoever asks. */
function inTrash(path: string): Fault {
  return new Fault(
    'E#J006',
    `Refused: ${path} lies in the trash, which is neither read nor written by transfers`,
  )
}

function slashes(path: BytePath): BytePath {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}

/** Notes the directories above the `below` levels that were made for `place`. */
function noteMade(place: Place, below: string): void {
  let path = place.base
  for (let levels = below.split(sep).length; levels >= 0 && path !== ''; levels--) {
    path = parentPath(path)
    place.tree.noteChanged(path)
  }
}

function toBytes(text: string): BytePath {
  return Buffer.from(text).toString('latin1')
}

function realRoot(root: string): string {
  try {
    return realpathSync.native(root)
  } catch (error) {
    throw faultOf(error, 'read', `Cannot open the directory ${root}`)
  }
}
