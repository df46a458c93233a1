import { type BigIntStats, lstatSync } from 'node:fs'
import { type BytePath, joinPath } from '@waybill/asc'
import { SortedNames } from '../../files/sorted-names.js'
import type { Place } from '../../transfer/place.js'
import { isOwnName } from '../../transfer/temporary.js'

/** What a hash list never tells of: its own directory, what is not finished, and what the Finder leaves. */
export const ignored = ['.DS_Store', 'ascmhl', 'ascmhl/', '.waybill-*'] as const

/** Names of one directory that are held while it is walked. */
const room = 20_000

export type Step =
  | { readonly kind: 'file'; readonly path: BytePath; readonly name: BytePath; readonly stat: BigIntStats }
  | { readonly kind: 'enter' | 'leave'; readonly path: BytePath; readonly name: BytePath }

/**
 * Walks through the files beneath a place in the order of their names, each directory between its `enter` and its
 * `leave`; unless `deep`, only the place's own files. Follows no links. Throws what reading a directory throws.
 */
export async function* walk({ tree, base }: Place, deep = true): AsyncGenerator<Step, void, void> {
  const stack: { readonly path: BytePath; readonly name: BytePath; readonly names: SortedNames }[] = []
  const open = (path: BytePath, name: BytePath) => {
    const names = new SortedNames(() => tree.directory(joinPath(base, path)), room)
    stack.push({ path, name, names })
  }
  try {
    open('', '')
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      while (!top.names.fill(1000)) await new Promise(setImmediate)
      const name = top.names.next()
      if (name === undefined) {
        stack.pop()
        if (top.path !== '') yield { kind: 'leave', path: top.path, name: top.name }
        continue
      }
      if (isIgnored(name)) continue
      const path = joinPath(top.path, name)
      const stat = lstatSync(tree.at(joinPath(base, path)), { bigint: true, throwIfNoEntry: false })
      if (stat?.isFile() === true) {
        yield { kind: 'file', path, name, stat }
      } else if (deep && stat?.isDirectory() === true) {
        yield { kind: 'enter', path, name }
        open(path, name)
      }
    }
  } finally {
    for (const { names } of stack) names.close()
  }
}

function isIgnored(name: BytePath): boolean {
  return name === '.DS_Store' || name === 'ascmhl' || isOwnName(name)
}
