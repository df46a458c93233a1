import { type Dir, lstatSync, opendirSync } from 'node:fs'
import { askBytes, type BytePath, joinPath, maxAsks, showPath } from '@waybill/asc'
import { historyName } from '../../manifest/mhl/chain.js'
import { takesOtherSpellings } from '../../platform/spelling.js'
import type { FileFilter } from '../../scan/filter.js'
import { errno, type Fault, faultOf } from '../fault.js'
import type { Place } from '../place.js'
import { isOwnName } from '../temporary.js'

/** Asks the sender which of these paths the source lacks; rejects with a Fault when nobody knows. */
export type Ask = (paths: readonly BytePath[], folded: boolean) => Promise<readonly boolean[]>

/** Something at the destination that may be deleted. */
export interface Item {
  /** Relative to the task. */
  readonly path: BytePath
  readonly directory: boolean
  /** Bytes of a file. */
  readonly size: number
}

export interface DeletionHost {
  ask: Ask
  /** Does away with what the source lacks, one way or the other; throws what the file system throws. */
  dispose(item: Item): void
  /** Something stays, since it is not asked for or the source has it. */
  kept?(path: BytePath): void
  /** Something was deleted. */
  deleted(path: BytePath): void
  /** Something could not be looked at or deleted. */
  failed(path: BytePath, fault: Fault): void
  /** False once the task or session is over: nothing more may be deleted then. */
  isAlive(): boolean
}

/** Paths of one question. */
const batch = 1000

/**
 * Does away with what the source lacks beneath a task's directory, and nothing else: what filters leave out stays, as
 * do temporary files, the trash, pipes, sockets and devices. Symbolic links are deleted, never followed. The directory is
 * walked once, what is in it before itself, and asked for in questions of a bounded size, some at a time; so
 * memory is flat however large the tree, and the source decides by what it holds at that moment.
 *
 * @throws Fault when the sender cannot tell
 */
export async function deleteLacking(place: Place, filter: FileFilter, host: DeletionHost): Promise<void> {
  const folded = takesOtherSpellings(place.tree.directory(place.base).self().toString())
  const open: { readonly items: readonly Item[]; readonly answer: Promise<readonly boolean[]> }[] = []
  const settleOldest = async () => {
    const oldest = open.shift()
    if (oldest === undefined) return
    const lacking = await oldest.answer
    for (const [i, item] of oldest.items.entries()) {
      if (!host.isAlive()) return
      if (lacking[i] === true) remove(item, host)
      else host.kept?.(item.path)
    }
  }
  for (const items of batches(walk(place, filter, host))) {
    if (!host.isAlive()) return
    const paths = items.map(({ path }) => path)
    const answer = host.ask(paths, folded)
    // Looked at in its turn; until then nobody else is to complain.
    answer.catch(() => undefined)
    open.push({ items, answer })
    if (open.length >= maxAsks) await settleOldest()
    else await new Promise(setImmediate)
  }
  while (open.length > 0) await settleOldest()
}

function* batches(items: Iterable<Item>): Generator<readonly Item[]> {
  let group: Item[] = []
  let bytes = 0
  for (const item of items) {
    group.push(item)
    bytes += item.path.length + 2
    if (group.length < batch && bytes < askBytes) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

/** What is there and may be deleted, each directory after what is in it. */
function* walk(place: Place, filter: FileFilter, host: DeletionHost): Generator<Item> {
  const stack: { readonly path: BytePath; readonly dir: Dir }[] = []
  const enter = (path: BytePath) => {
    try {
      const directory = place.tree.directory(joinPath(place.base, path))
      const dir = opendirSync(directory.self().toString(), { encoding: 'latin1', bufferSize: 256 })
      stack.push({ path, dir })
      return true
    } catch (error) {
      host.failed(path, faultOf(error, 'write', `Cannot look through ${showPath(path)}`))
      return false
    }
  }
  try {
    enter('')
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const item = top.dir.readSync()
      if (item === null) {
        top.dir.closeSync()
        stack.pop()
        if (top.path !== '') yield { path: top.path, directory: true, size: 0 }
        continue
      }
      const path = joinPath(top.path, item.name)
      const found = look(place, path, item.name, filter)
      if (found === undefined) host.kept?.(path)
      else if (!found.directory) yield found
      else if (!enter(path)) host.kept?.(path)
    }
  } finally {
    for (const { dir } of stack) dir.closeSync()
  }
}

function look({ tree, base }: Place, path: BytePath, name: BytePath, filter: FileFilter): Item | undefined {
  // The history of what is here is no part of what the source has or lacks.
  if (isOwnName(name) || path === historyName) return undefined
  const stat = lstatSync(tree.at(joinPath(base, path)), { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  const directory = stat.isDirectory()
  if (!directory && !stat.isFile() && !stat.isSymbolicLink()) return undefined
  return filter(showPath(path), directory) ? { path, directory, size: directory ? 0 : stat.size } : undefined
}

function remove(item: Item, host: DeletionHost): void {
  const { path, directory } = item
  try {
    host.dispose(item)
    host.deleted(path)
  } catch (error) {
    const code = errno(error)
    // Gone already; or something in it was to stay.
    if (code === 'ENOENT' || (directory && (code === 'ENOTEMPTY' || code === 'EEXIST'))) return
    host.failed(path, faultOf(error, 'write', `Cannot delete ${showPath(path)}`))
  }
}
