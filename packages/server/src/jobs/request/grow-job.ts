import { WaybillError } from '@waybill/api'
import { writeAudit } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { CreateAnswer, CreateOptions, Input } from '../../entities/operations.js'
import { demandGuardedTasks } from '../../entities/settings/guard.js'
import type { Tx } from '../../store/store.js'
import { followServers } from '../dispatch/follow-servers.js'
import { effectiveSettings } from '../effective-settings.js'
import type { JobEngine } from '../engine.js'
import { applyJob, type Change, readJob } from '../lifecycle/apply-job.js'
import { isFinished } from '../lifecycle/job-machine.js'
import { writeLog } from '../lifecycle/journal.js'
import type { JobRow } from '../lifecycle/rows.js'
import { revivalDelay, settleJob } from '../lifecycle/settle.js'
import { retryPlan } from '../retry-plan.js'
import { type Added, addTasks, noteShares } from './add-tasks.js'
import { changeOf } from './change-of.js'
import { readTasks } from './payload.js'
import { demandParties, type Prepared, partiesOf, prepare } from './prepare.js'

/** Adds tasks to a job that is there, in whatever state; a finished one starts again. */
export async function createTasks(
  ctx: CallContext,
  engine: JobEngine,
  input: Input,
  options: CreateOptions,
): Promise<CreateAnswer> {
  const [job] = await followServers(ctx.store.db, [await jobOf(ctx, options.parent)])
  if (job === undefined) throw new WaybillError('internal', 'The job that was just read is gone')
  const { tasks, bare } = readTasks(input)
  if (tasks.some(({ destination }) => destination === undefined) && job.mirrored === 0) {
    const words =
      'Tasks without a destination can only be added to jobs that mirror paths: give each a destination'
    throw new WaybillError('bad_request', words)
  }
  const prepared = await prepare(ctx, tasks, partiesOf(job))
  demandParties(job, prepared)
  const added = await ctx.store.transaction(async (tx) => {
    const fresh = await readJob(changeOf(ctx, tx), job.id)
    if (fresh === undefined) throw new WaybillError('not_found', `There is no transfer ${job.id}`)
    await demandGuardedTasks(tx, ctx, fresh, tasks)
    const made = await addPrepared(changeOf(ctx, tx), fresh, prepared, options)
    await noteTasks(tx, ctx, job.id, made)
    return made
  })
  engine.changed(ctx.workspace.id, added.job)
  void engine.runs.ofJob(job.id)?.feed()
  return bare ? { success: true } : { ids: added.ids }
}

async function jobOf(ctx: CallContext, id: string | undefined): Promise<JobRow> {
  if (id === undefined) throw new WaybillError('bad_request', 'To which job? Its id is missing')
  const job = await readJob({ tx: ctx.store.db, workspace: ctx.workspace.id, now: ctx.now }, id)
  if (job === undefined) throw new WaybillError('not_found', `There is no transfer ${id}`)
  return job
}

/** Notes in the audit log who added which tasks. */
export async function noteTasks(
  tx: Tx,
  ctx: CallContext,
  id: string,
  { ids, added, retried }: Added,
): Promise<void> {
  const details = { added, retried, tasks: ids }
  await writeAudit(tx, ctx, { entitytype: 'transfer', id, change: 'tasks added', details })
}

/** Writes tasks onto a job and starts it again where it had come to its end. */
export async function addPrepared(
  change: Change,
  job: JobRow,
  prepared: Prepared,
  options: CreateOptions,
): Promise<Added & { job: JobRow }> {
  const added = await addTasks(change, job, prepared.tasks, options)
  await noteShares(change, job, prepared.tasks)
  if (added.added > 0) {
    await change.tx.updateTable('job').set({ measured: 0 }).where('id', '=', job.id).execute()
  }
  const message = `${added.added} tasks added, ${added.retried} queued again by ${change.by?.email ?? 'the system'}`
  await writeLog(change.tx, change.workspace, change.now, { job: job.id, message })
  return { ...added, job: await wakeJob(change, job.id) }
}

/** Brings a job in line with tasks that people changed: revives it, completes it, holds it. */
export async function wakeJob(change: Change, id: string): Promise<JobRow> {
  const job = await readJob(change, id)
  if (job === undefined) throw new WaybillError('not_found', `There is no transfer ${id}`)
  const toDo = job.tasks_queued + job.tasks_pending
  if (toDo > 0 && (isFinished(job.status) || job.status === 'failed')) {
    const patch = { not_before: change.now + revivalDelay, retries: 0 }
    return (await applyJob(change, job, 'revive', { patch })) ?? job
  }
  const settings = await effectiveSettings(change.tx, change.workspace, job)
  return (await settleJob(change, id, retryPlan(settings, change.now))) ?? job
}
