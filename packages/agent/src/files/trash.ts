import { opendirSync, unlinkSync } from 'node:fs'
import { type BytePath, joinPath } from '@waybill/asc'
import { readTrashName } from '../transfer/sync/trash-names.js'
import { trashName } from '../transfer/temporary.js'
import { isMissing } from './failure.js'
import { bytesOf, type HeldPath, holdPath } from './place.js'
import { type Removed, removeTree } from './remove.js'

/** What the agent itself asks of the thread of a root, beside what the control plane may ask. */
export interface TrashRequests {
  /** The dated folders in the trash of a root. */
  'trash.list': { readonly args: { readonly root: string }; readonly result: readonly TrashFolder[] }
  /** Deletes one of them for a while; to be asked again until it is done. */
  'trash.clear': {
    readonly args: { readonly root: string; readonly folder: string }
    readonly result: Removed
  }
}

export interface TrashFolder {
  readonly name: string
  /** For how long it is to be kept; infinite is for ever. */
  readonly days: number
}

/** Names that are read of one trash: what lies beyond has its turn when those are gone. */
const mostNames = 40_000
/** Of a folder that does not say, since the agent was killed while it made it. */
const usualDays = 30

export function listTrash(root: string): readonly TrashFolder[] {
  const held = holdPath({ root, exact: false }, trashName)
  try {
    const folders = new Map<string, number | undefined>()
    for (const name of namesIn(held)) {
      const found = readTrashName(name)
      if (found === undefined) continue
      // Whoever is promised several things is given the longest.
      const days = Math.max(folders.get(found.folder) ?? 0, found.days ?? 0)
      folders.set(found.folder, days === 0 ? undefined : days)
    }
    return [...folders].map(([name, days]) => ({ name, days: days ?? usualDays }))
  } finally {
    held.tree.close()
  }
}

/** Deletes a dated folder and what says how long it is kept, for `ms` milliseconds or until it is done. */
export function clearTrash(
  { root, folder }: { readonly root: string; readonly folder: string },
  ms: number,
  now: () => number,
): Removed {
  if (readTrashName(bytesOf(folder))?.folder !== folder) return { done: true, deleted: 0 }
  const held = holdPath({ root, exact: false }, trashName)
  try {
    const removed = removeTree({ tree: held.tree, base: joinPath(trashName, folder) }, ms, now)
    if (!removed.done) return removed
    for (const name of namesIn(held)) {
      if (readTrashName(name)?.folder === folder) unlinkSync(held.tree.at(joinPath(trashName, name)))
    }
    return removed
  } finally {
    held.tree.close()
  }
}

function namesIn({ tree, base }: HeldPath): BytePath[] {
  const names: BytePath[] = []
  try {
    const dir = opendirSync(tree.directory(base).self().toString(), { encoding: 'latin1' })
    try {
      for (let item = dir.readSync(); item !== null && names.length < mostNames; item = dir.readSync()) {
        names.push(item.name)
      }
    } finally {
      dir.closeSync()
    }
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  return names
}
