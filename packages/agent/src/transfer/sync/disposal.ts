import { renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { joinPath, showPath } from '@waybill/asc'
import { errno, Fault } from '../fault.js'
import type { Place } from '../place.js'
import type { Item } from './deletion.js'
import type { Trash } from './trash.js'

/** Does away with what the source of a task lacks; throws what the file system throws, or a Fault. */
export type Dispose = (item: Item) => void

/** Deletes for good. Links are deleted, never followed. */
export function deleting({ tree, base }: Place): Dispose {
  return ({ path, directory }) => {
    const at = tree.at(joinPath(base, path))
    if (directory) rmdirSync(at)
    else unlinkSync(at)
  }
}

/**
 * Moves to the trash by renaming, which takes no space for what is moved. Where that cannot be done all stays as it
 * is, with a warning: that a file is left over must not fail a sync, and a trash that is bypassed would be none.
 */
export function toTrash(place: Place, trash: Trash): Dispose {
  const { tree, base } = place
  return ({ path, directory }) => {
    const whole = joinPath(base, path)
    try {
      if (directory) {
        rmdirSync(tree.at(whole))
        trash.addDirectory(whole)
      } else {
        trash.add(whole, (to) => renameSync(tree.at(whole), to))
      }
    } catch (error) {
      const why = stays[errno(error)]
      if (why === undefined) throw error
      throw new Fault(
        'W#J059',
        `Not deleted, since it cannot be moved to the trash: ${showPath(path)}: ${why}`,
      )
    }
  }
}

const stays: Readonly<Record<string, string>> = {
  EXDEV: 'the trash of the destination is on another file system',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
}
