import { isOneOf, WaybillError, writableTaskStatuses } from '@waybill/api'
import { writeAudit } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Input } from '../../entities/operations.js'
import type { JobEngine } from '../engine.js'
import type { Change } from '../lifecycle/apply-job.js'
import { writeLog } from '../lifecycle/journal.js'
import { moveTasks } from '../lifecycle/move-tasks.js'
import { releaseJob } from '../lifecycle/release.js'
import type { JobRow, TaskPatch, TaskRow } from '../lifecycle/rows.js'
import { isHeld, statesLeft, taskTriggerOfWrite } from '../lifecycle/task-machine.js'
import { readTaskParty } from '../task-party.js'
import { changeOf } from './change-of.js'
import { demandJob } from './edit-transfer.js'
import { wakeJob } from './grow-job.js'

/** Changes tasks of a job in one group: all of them, or on an error none. Answers with their ids in that order. */
export async function editTasks(
  ctx: CallContext,
  engine: JobEngine,
  jobId: string,
  items: readonly Input[],
): Promise<readonly string[]> {
  const { ids, dropped, before, after } = await ctx.store.transaction(async (tx) => {
    const change = changeOf(ctx, tx)
    const before = await demandJob(change, jobId)
    const ids: string[] = []
    const dropped: string[] = []
    for (const item of items) {
      const task = await findTask(change, before, item)
      if (await editTask(change, task, item)) dropped.push(task.id)
      ids.push(task.id)
    }
    const note = { entitytype: 'transfer', id: jobId, change: 'tasks changed', details: { tasks: items } }
    await writeAudit(tx, ctx, note)
    const after = await wakeJob(change, jobId)
    if (after.status !== 'running') await releaseJob(change, jobId)
    return { ids, dropped, before, after }
  })
  const run = engine.runs.ofJob(jobId)
  if (dropped.length > 0) run?.cancel(dropped)
  if (before.status === 'running' && after.status !== 'running')
    engine.stopRun(ctx.workspace.id, jobId, 'Nothing is left')
  else void run?.feed()
  engine.changed(ctx.workspace.id, after)
  return ids
}

async function findTask({ tx }: Change, job: JobRow, { id, uri }: Input): Promise<TaskRow> {
  const tasks = tx.selectFrom('task').selectAll().where('job', '=', job.id)
  const key =
    typeof id === 'string' ? { column: 'id' as const, value: id } : { column: 'uri' as const, value: uri }
  if (typeof key.value !== 'string' && typeof key.value !== 'number') {
    throw new WaybillError('bad_request', 'Which task? Each needs its id or uri')
  }
  const task = await tasks.where(key.column, '=', String(key.value)).executeTakeFirst()
  if (task === undefined)
    throw new WaybillError('not_found', `${job.name} has no task with the ${key.column} "${key.value}"`)
  return task
}

/** Answers whether an agent holds the task and should drop it. */
async function editTask(change: Change, task: TaskRow, item: Input): Promise<boolean> {
  const patch: TaskPatch = {
    ...(typeof item.priority === 'number' ? { priority: priorityOf(item.priority) } : {}),
    ...('metadata' in item
      ? { metadata: item.metadata === null ? null : JSON.stringify(item.metadata) }
      : {}),
  }
  if (Object.keys(patch).length > 0) {
    await change.tx
      .updateTable('task')
      .set({ ...patch, modified: change.now })
      .where('id', '=', task.id)
      .execute()
  }
  const { status } = item
  if (!isOneOf(writableTaskStatuses, status) || status === task.status) return false
  const trigger = taskTriggerOfWrite[status]
  const placeless = status === 'queued' && readTaskParty(task.destination).path === undefined
  if (placeless || !statesLeft(trigger).includes(task.status)) {
    // An executing task that is to be queued is on its way already.
    if (status === 'queued' && isHeld(task.status)) return false
    const words = `Task ${task.uri} is ${task.status} and cannot be set to ${status}`
    const hint = placeless ? ': its receiver has to choose where to put it first' : ''
    throw new WaybillError('conflict', `${words}${hint}`)
  }
  await moveTasks(change, task.job, trigger, { ids: [task.id] })
  const message = `Task ${task.uri}: ${task.status} -> ${status} by ${change.by?.email ?? 'the system'}`
  await writeLog(change.tx, change.workspace, change.now, { job: task.job, task: task.id, message })
  return isHeld(task.status)
}

function priorityOf(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value
  throw new WaybillError('bad_request', `A priority is a whole number from 1 to 1000, not ${value}`)
}
