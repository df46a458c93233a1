import { lstatSync } from 'node:fs'
import { type BytePath, type IncomingTask, parentPath } from '@waybill/asc'
import { errno, faultOf } from '../fault.js'
import type { Placed } from '../receiving/target-task.js'
import { type Ask, deleteLacking } from '../sync/deletion.js'
import type { Preview } from './preview.js'

interface Host {
  readonly ask: Ask
  readonly isAlive: () => boolean
}

/** Tells what one-way sync would delete, of which it does nothing; asks the source as it would. */
export async function wouldDelete(
  task: IncomingTask,
  { place, options, filter }: Placed,
  preview: Preview,
  { ask, isAlive }: Host,
): Promise<void> {
  if (options.mode !== 'onewaysync' || !preview.isDirectory) return
  if (task.hasFailed || preview.hasFailures) {
    task.note('', 'W#J059', 'Nothing would be deleted, since not everything would arrive')
    return
  }
  try {
    if (lstatSync(place.tree.at(place.base), { throwIfNoEntry: false }) === undefined) return
    /** Directories in which something stays: each leaves when it was asked about itself. */
    const inUse = new Set<BytePath>()
    await deleteLacking(place, filter, {
      ask,
      isAlive,
      kept: (path) => {
        inUse.delete(path)
        inUse.add(parentPath(path))
      },
      dispose: ({ path, directory, size }) => {
        if (inUse.delete(path)) {
          inUse.add(parentPath(path))
          throw Object.assign(new Error('Something in it stays'), { code: 'ENOTEMPTY' })
        }
        preview.deleted({ path, kind: directory ? 'directory' : 'file', size })
      },
      deleted: () => undefined,
      failed: (path, { code, message }) => task.note(path, code, message),
    })
  } catch (error) {
    if (errno(error) === 'ENOENT') return
    const { code, message } = faultOf(error, 'write', 'Cannot tell what would be deleted')
    task.note('', code, message)
  }
}
