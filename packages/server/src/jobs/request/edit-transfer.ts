import { isOneOf, isOperator, WaybillError, type WritableJobStatus, writableJobStatuses } from '@waybill/api'
import { noteChange, writeAudit } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Input } from '../../entities/operations.js'
import { removeSettingsOf } from '../../entities/settings/below.js'
import type { JobEngine } from '../engine.js'
import { applyJob, type Change, readJob } from '../lifecycle/apply-job.js'
import { nextJobStatus, triggerOfWrite } from '../lifecycle/job-machine.js'
import { writeEvent } from '../lifecycle/journal.js'
import { countsOf, moveTasks } from '../lifecycle/move-tasks.js'
import { endRun, releaseJob } from '../lifecycle/release.js'
import type { JobPatch, JobRow } from '../lifecycle/rows.js'
import { revivalDelay } from '../lifecycle/settle.js'
import { changeOf } from './change-of.js'
import { queueFor } from './create-transfer.js'
import { wakeJob } from './grow-job.js'
import { placeInQueue } from './queue-place.js'

/** Changes a transfer: what it is called and carries, its queue, its status. */
export async function editTransfer(
  ctx: CallContext,
  engine: JobEngine,
  id: string,
  changes: Input,
): Promise<void> {
  const { before, after } = await ctx.store.transaction(async (tx) => {
    const change = changeOf(ctx, tx)
    const before = await demandJob(change, id)
    await writePlain(change, ctx, before, changes)
    const after = isOneOf(writableJobStatuses, changes.status)
      ? await setStatus(change, before, changes.status)
      : before
    await writeAudit(tx, ctx, { entitytype: 'transfer', id, change: 'changed', details: changes })
    return { before, after }
  })
  if (before.status === 'running' && after.status !== 'running') {
    engine.stopRun(ctx.workspace.id, id, `Set to ${after.status} by ${ctx.caller.email}`)
  }
  engine.changed(ctx.workspace.id, after)
  if (placing.some((name) => name in changes)) {
    // Others may be the first now, in the queue that it left and in the one that it is in.
    for (const id of [before.parent, after.parent])
      if (id !== null) engine.dispatcher.poke(ctx.workspace.id, { by: 'queue', id })
  }
}

const placing = ['queue', 'parent', 'index', 'before']

export async function demandJob(change: Change, id: string): Promise<JobRow> {
  const job = await readJob(change, id)
  if (job === undefined) throw new WaybillError('not_found', `There is no transfer ${id}`)
  return job
}

async function writePlain(change: Change, ctx: CallContext, job: JobRow, changes: Input): Promise<void> {
  const patch: JobPatch = {
    ...(typeof changes.name === 'string' && changes.name !== ''
      ? { name: changes.name, code: changes.name }
      : {}),
    ...(typeof changes.description === 'string' ? { description: changes.description } : {}),
    ...('metadata' in changes ? { metadata: jsonOf(changes.metadata) } : {}),
    ...('hooks' in changes ? { hooks: jsonOf(changes.hooks) } : {}),
    ...(await moved(change, ctx, job, changes)),
  }
  if (Object.keys(patch).length === 0) return
  await change.tx
    .updateTable('job')
    .set({ ...patch, modified: change.now, modifier: ctx.caller.email, modifier_user: ctx.caller.user })
    .where('id', '=', job.id)
    .execute()
  await writeEvent(change.tx, change.workspace, change.now, 'transfer', job.id, 'changed')
}

/** Into another queue, as its last unless a place is named; or to another place in its own. */
async function moved(change: Change, ctx: CallContext, job: JobRow, changes: Input): Promise<JobPatch> {
  const named = changes.queue ?? changes.parent
  const queue = typeof named === 'string' ? await queueFor(change.tx, named, ctx) : job.parent
  if (queue === null) return {}
  const unplaced = changes.index === undefined && changes.before === undefined
  const wish = unplaced && queue !== job.parent ? { index: -1 } : changes
  const position = await placeInQueue(change.tx, ctx, queue, job.id, wish)
  return position === undefined ? {} : { parent: queue, position }
}

const jsonOf = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))

async function setStatus(change: Change, job: JobRow, status: WritableJobStatus): Promise<JobRow> {
  const trigger = triggerOfWrite[status]
  if (nextJobStatus(job.status, trigger) === undefined) return refuseUnlessThere(job, status)
  const by = change.by?.email ?? 'the system'
  if (status === 'waiting') return await resume(change, job)
  if (status === 'paused') {
    const reason = { code: 'W#J067' as const, message: `Paused by ${by}` }
    const patch = { paused_by_hand: 1 as const, not_before: null }
    return (await endRun(change, job, trigger, { reason, patch })) ?? job
  }
  return (await endRun(change, job, trigger, { patch: { not_before: null } })) ?? job
}

/** Setting what is so already is no error; a way that the machine does not have is. */
function refuseUnlessThere(job: JobRow, status: WritableJobStatus): JobRow {
  const onItsWay = status === 'waiting' && (job.status === 'init' || job.status === 'running')
  if (job.status === status || onItsWay) return job
  throw new WaybillError(
    'conflict',
    `${job.name} is ${job.status} and cannot be set to ${status}; set it to waiting first`,
  )
}

/** Starts a job again: what failed is queued, and where nothing else is left, what was done is done again. */
async function resume(change: Change, job: JobRow): Promise<JobRow> {
  await moveTasks(change, job.id, 'requeue')
  const fresh = await demandJob(change, job.id)
  const counts = countsOf(fresh)
  if (counts.queued + counts.pending + counts.onhold === 0) await moveTasks(change, job.id, 'redo')
  const patch = { not_before: change.now + revivalDelay, retries: 0 }
  await applyJob(change, await demandJob(change, job.id), 'resume', { patch })
  return await wakeJob(change, job.id)
}

/** Deletes a transfer with its tasks and its log; a running one is stopped. */
export async function removeTransfer(ctx: CallContext, engine: JobEngine, id: string): Promise<void> {
  await ctx.store.transaction(async (tx) => {
    const change = changeOf(ctx, tx)
    const job = await demandJob(change, id)
    if (!isOperator(ctx.caller.role) && job.user !== ctx.caller.user) {
      throw new WaybillError('forbidden', 'Only who created a transfer, and operators, may delete it')
    }
    await releaseJob(change, id)
    await removeSettingsOf(tx, { entitytype: 'transfer', id })
    await tx.deleteFrom('job').where('id', '=', id).execute()
    await noteChange(tx, ctx, { entitytype: 'transfer', id, change: 'deleted' })
  })
  engine.stopRun(ctx.workspace.id, id, `Deleted by ${ctx.caller.email}`)
}
