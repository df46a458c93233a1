import { type Dir, lstatSync, opendirSync, rmdirSync, unlinkSync } from 'node:fs'
import { WaybillError } from '@waybill/api'
import { type BytePath, joinPath } from '@waybill/asc'
import { errno } from '../transfer/fault.js'
import { isMissing } from './failure.js'
import { type HeldPath, isOurs } from './place.js'

/** How often a directory is read again that others write into while it is deleted. */
const mostRounds = 20

export interface Removed {
  /** False when the time was over first: asked again, it goes on. */
  readonly done: boolean
  readonly deleted: number
}

/**
 * Deletes a file, a link (never what it points to) or a directory; one that is not empty only with `force`,
 * from the bottom up. Throws ENOENT when nothing is there.
 */
export function remove(
  held: HeldPath,
  { force, ms }: { readonly force: boolean; readonly ms: number },
  now: () => number,
): Removed {
  const { tree, base } = held
  if (base === '') throw new WaybillError('forbidden', 'the root of a share cannot be deleted')
  if (isOurs(base)) throw Object.assign(new Error('ENOENT: ours'), { code: 'ENOENT' })
  if (!isDirectory(held)) {
    unlinkSync(tree.at(base))
    return { done: true, deleted: 1 }
  }
  if (!force) {
    rmdirSync(tree.at(base))
    return { done: true, deleted: 1 }
  }
  return removeTree(held, ms, now)
}

/** Deletes a directory with all that is in it, for `ms` milliseconds; what is not there is deleted. */
export function removeTree(held: HeldPath, ms: number, now: () => number): Removed {
  return new Removal(held).run(now() + ms, now)
}

function isDirectory({ tree, base }: HeldPath): boolean {
  return lstatSync(tree.at(base)).isDirectory()
}

class Removal {
  readonly #held: HeldPath
  readonly #stack: { readonly path: BytePath; dir: Dir; rounds: number }[] = []
  #deleted = 0

  constructor(held: HeldPath) {
    this.#held = held
  }

  run(until: number, now: () => number): Removed {
    try {
      this.#push(this.#held.base)
      for (let steps = 1; this.#stack.length > 0; steps++) {
        this.#step()
        if (steps % 50 === 0 && now() > until) return { done: false, deleted: this.#deleted }
      }
      return { done: true, deleted: this.#deleted }
    } finally {
      for (const { dir } of this.#stack) dir.closeSync()
    }
  }

  #step(): void {
    const top = this.#stack.at(-1)
    if (top === undefined) return
    const item = top.dir.readSync()
    if (item === null) {
      this.#end(top)
      return
    }
    const path = joinPath(top.path, item.name)
    // Tried as a directory first where it seems to be one; whatever was put in its place is then unlinked.
    if (item.isDirectory() && this.#push(path)) return
    try {
      unlinkSync(this.#held.tree.at(path))
      this.#deleted++
    } catch (error) {
      const code = errno(error)
      if (code === 'ENOENT') return
      if ((code !== 'EISDIR' && code !== 'EPERM') || !this.#push(path)) throw error
    }
  }

  /** False when it is no directory, or none any more. */
  #push(path: BytePath): boolean {
    try {
      const dir = this.#openDir(path)
      this.#stack.push({ path, dir, rounds: 0 })
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  #openDir(path: BytePath): Dir {
    return opendirSync(this.#held.tree.directory(path).self().toString(), { encoding: 'latin1' })
  }

  #end(top: { readonly path: BytePath; dir: Dir; rounds: number }): void {
    const { tree } = this.#held
    top.dir.closeSync()
    this.#stack.pop()
    try {
      rmdirSync(tree.at(top.path))
      this.#deleted++
    } catch (error) {
      const code = errno(error)
      if (code === 'ENOENT') return
      if (code === 'ENOTDIR' || code === 'ELOOP') {
        // Exchanged for something else meanwhile: that goes, too, and nothing beyond it.
        unlinkSync(tree.at(top.path))
        return
      }
      if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || top.rounds >= mostRounds) throw error
      // Some systems skip entries of a directory that shrinks while it is read; or somebody writes into it.
      this.#stack.push({ path: top.path, dir: this.#openDir(top.path), rounds: top.rounds + 1 })
    }
  }
}
