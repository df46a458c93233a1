import { type BytePath, baseName } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { removeQuietly } from '../journal.js'

/** A part that is to get its name; both are paths in one tree, and in one directory. */
export interface Move {
  readonly part: BytePath
  readonly target: BytePath
  /** What is in its place by now stays there, and the part goes. */
  readonly yields: boolean
}

/** Gives parts their names. Answers with what went wrong, by the position of the move. */
export function moveAll(tree: DirectoryTree, moves: readonly Move[]): Map<number, unknown> {
  const failed = new Map<number, unknown>()
  for (const [index, { part, target, yields }] of moves.entries()) {
    try {
      if (yields && tree.status(target) !== undefined) {
        removeQuietly(tree.at(part))
      } else {
        tree.rename(part, baseName(target))
      }
    } catch (error) {
      failed.set(index, error)
    }
  }
  return failed
}
