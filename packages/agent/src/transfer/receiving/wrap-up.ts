import { isReasonCode } from '@waybill/api'
import type { IncomingTask } from '@waybill/asc'
import type { Generations } from '../../manifest/mhl/generations.js'
import { Fault, faultOf } from '../fault.js'
import { type Ask, deleteLacking } from '../sync/deletion.js'
import { deleting, toTrash } from '../sync/disposal.js'
import type { Trash, Trashes } from '../sync/trash.js'
import { finishDirectories } from '../target.js'
import type { Placed } from './target-task.js'

interface WrapUpHost {
  readonly ask: Ask
  /** False once the task or the session is over. */
  readonly isAlive: () => boolean
  /** The trash of what is deleted. */
  readonly trashes: Trashes
  readonly generations: Generations | undefined
}

/** What is left to do when every entry of a task is settled; what goes wrong is noted on the task. */
export async function wrapUp(task: IncomingTask, known: Placed, host: WrapUpHost): Promise<void> {
  await removeLacking(task, known, host)
  await host.generations?.ofDirectory(task, known, host.isAlive)
  const { place, directories, attributes } = known
  try {
    await finishDirectories(place.tree, directories.all(), attributes, (path, words) =>
      task.note(path, 'W#J060', words),
    )
  } catch (error) {
    const { code, message } = faultOf(error, 'write', 'Cannot finish the directories')
    task.fail(code, message)
  }
}

/** Deletes what the source lacks, if that was asked for and all of the source arrived. */
async function removeLacking(task: IncomingTask, known: Placed, host: WrapUpHost): Promise<void> {
  const { place, options, directories, filter } = known
  // Of a source that is a single file, or a sequence, nothing is deleted.
  if (options.mode !== 'onewaysync' || directories.first !== place.base) return
  if (task.hasFailed) {
    task.note('', 'W#J059', 'Nothing is deleted, since not everything arrived')
    return
  }
  try {
    const keeps = options.trash.kind !== 'none'
    await deleteLacking(place, filter, {
      ask: host.ask,
      isAlive: host.isAlive,
      dispose: keeps ? toTrash(place, trashOf(known, host.trashes)) : deleting(place),
      deleted: (path) =>
        task.tell(path, `${keeps ? 'Moved to the trash' : 'Deleted'}, since the source does not have it`),
      failed: (path, { code, message }) => task.note(path, code, message),
    })
  } catch (error) {
    const { code, message } = faultOf(error, 'write', 'Cannot delete what the source lacks')
    task.note('', code, message)
  }
}

function trashOf({ place, task, options }: Placed, trashes: Trashes): Trash {
  return trashes.of(place, task.location.root === null ? 'destination' : 'root', options.trash)
}

/** What the sender says went wrong. */
export interface Said {
  readonly code: string
  readonly message: string
}

export function saidBySender({ code, message }: Said): Fault {
  return new Fault(isReasonCode(code) ? code : 'E#J099', message)
}
