import type { TaskStatus } from '@waybill/api'
import type { Change } from './apply-job.js'
import type { TaskCounts } from './job-machine.js'
import type { JobRow, TaskPatch } from './rows.js'
import { statesLeft, type TaskTrigger, taskMachine } from './task-machine.js'

/** Which of a job's tasks; all of them unless narrowed. */
export interface TaskChoice {
  readonly ids?: readonly string[]
  readonly only?: readonly TaskStatus[]
}

/**
 * Applies a trigger to tasks of a job, a statement per state that they leave, and moves the job's counters
 * along. Tasks in other states stay as they are. Answers with how many changed.
 */
export async function moveTasks(
  change: Change,
  job: string,
  trigger: TaskTrigger,
  choice: TaskChoice = {},
  patch: TaskPatch = {},
): Promise<number> {
  const { tx, now } = change
  const { to } = taskMachine[trigger]
  const deltas: Partial<Record<TaskStatus, number>> = {}
  let moved = 0
  for (const from of statesLeft(trigger)) {
    if (choice.only !== undefined && !choice.only.includes(from)) continue
    let update = tx
      .updateTable('task')
      .set({
        status: to,
        reason: null,
        reason_hr: '',
        modified: now,
        finished: to === 'done' || to === 'failed' ? now : null,
        ...patch,
      })
      .where('job', '=', job)
      .where('status', '=', from)
    if (choice.ids !== undefined) update = update.where('id', 'in', choice.ids)
    if (from === 'done' && to === 'queued') {
      // What is done again counts again, once it is.
      await forgetTransferred(change, job, choice.ids)
      update = update.set({ transferred: 0 })
    }
    const { numUpdatedRows } = await update.executeTakeFirst()
    const count = Number(numUpdatedRows)
    if (count === 0) continue
    deltas[from] = -count
    moved += count
  }
  if (moved > 0) await addCounts(change, job, { ...deltas, [to]: moved })
  return moved
}

async function forgetTransferred(
  change: Change,
  job: string,
  ids: readonly string[] | undefined,
): Promise<void> {
  let sum = change.tx
    .selectFrom('task')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number | string>('transferred'), eb.lit(0)).as('bytes'))
    .where('job', '=', job)
    .where('status', '=', 'done')
  if (ids !== undefined) sum = sum.where('id', 'in', ids)
  const { bytes } = await sum.executeTakeFirstOrThrow()
  await addCounts(change, job, { transferred: -Number(bytes) })
}

/** Adds to a job's counters of tasks, and of their bytes. */
export async function addCounts(
  { tx }: Change,
  job: string,
  deltas: Partial<Record<TaskStatus | 'total' | 'size' | 'transferred', number>>,
): Promise<void> {
  const columns = Object.entries(deltas).filter(([, delta]) => delta !== 0)
  if (columns.length === 0) return
  await tx
    .updateTable('job')
    .set((eb) =>
      Object.fromEntries(
        columns.map(([name, delta]) => {
          const column = counterColumn(name)
          return [column, eb(eb.ref(column), '+', delta)]
        }),
      ),
    )
    .where('id', '=', job)
    .execute()
}

const counterColumns = {
  pending: 'tasks_pending',
  queued: 'tasks_queued',
  booting: 'tasks_booting',
  executing: 'tasks_executing',
  failed: 'tasks_failed',
  onhold: 'tasks_onhold',
  excluded: 'tasks_excluded',
  done: 'tasks_done',
  total: 'tasks_total',
  size: 'size',
  transferred: 'transferred',
} as const

function counterColumn(name: string) {
  if (!Object.hasOwn(counterColumns, name)) throw new Error(`no counter ${name}`)
  return counterColumns[name as keyof typeof counterColumns]
}

export function countsOf(job: JobRow): TaskCounts {
  return {
    pending: job.tasks_pending,
    queued: job.tasks_queued,
    booting: job.tasks_booting,
    executing: job.tasks_executing,
    failed: job.tasks_failed,
    onhold: job.tasks_onhold,
    excluded: job.tasks_excluded,
    done: job.tasks_done,
  }
}
