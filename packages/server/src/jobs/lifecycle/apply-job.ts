import type { JobStatus, Reason } from '@waybill/api'
import type { Tx } from '../../store/store.js'
import { isFinished, type JobTrigger, nextJobStatus } from './job-machine.js'
import { writeEvent, writeLog } from './journal.js'
import type { JobPatch, JobRow } from './rows.js'

/** A transaction that changes jobs: where, when, and on whose behalf (absent: the control plane's own). */
export interface Change {
  readonly tx: Tx
  readonly workspace: string
  readonly now: number
  readonly by?: { readonly user: string; readonly email: string }
}

export async function readJob({ tx }: Change, id: string): Promise<JobRow | undefined> {
  const query = tx.selectFrom('job').selectAll().where('id', '=', id).where('kind', '=', 'transfer')
  return await query.executeTakeFirst()
}

export interface JobEffect {
  /** Why it now waits or failed; cleared when absent. */
  readonly reason?: Reason | undefined
  readonly patch?: JobPatch
  /** Words for the log; made from the states when absent. */
  readonly log?: string
}

/**
 * Applies a trigger to a job: state, population, reason, log and event, in the caller's transaction. Answers
 * with the row as it is now, or undefined where the machine has no such way; then nothing was written.
 */
export async function applyJob(
  change: Change,
  job: JobRow,
  trigger: JobTrigger,
  effect: JobEffect = {},
): Promise<JobRow | undefined> {
  const status = nextJobStatus(job.status, trigger)
  if (status === undefined) return undefined
  const { tx, workspace, now, by } = change
  const finished = isFinished(status)
  const running = status === 'running'
  const patch = {
    status,
    ...reasonColumns(effect.reason),
    population: finished ? ('finished' as const) : ('live' as const),
    finished: finished ? (isFinished(job.status) ? job.finished : now) : null,
    ...(running ? { started: job.started ?? now } : { speed: -1, etr: null }),
    ...(status === 'paused' ? {} : { paused_by_hand: 0 as const }),
    ...modifiedBy(change),
    ...effect.patch,
  }
  await tx.updateTable('job').set(patch).where('id', '=', job.id).execute()
  const message = effect.log ?? effect.reason?.message ?? describe(job.status, status, by?.email)
  await writeLog(tx, workspace, now, { job: job.id, code: effect.reason?.code ?? null, message })
  await writeEvent(tx, workspace, now, 'transfer', job.id, 'changed')
  return { ...job, ...patch }
}

/** Says why a job stays where it is; silent when that was said already. */
export async function explainJob(change: Change, job: JobRow, reason: Reason | undefined): Promise<void> {
  const columns = reasonColumns(reason)
  if (job.reason === columns.reason && job.reason_hr === columns.reason_hr) return
  const { tx, workspace, now } = change
  await tx.updateTable('job').set(columns).where('id', '=', job.id).execute()
  if (reason !== undefined) {
    await writeLog(tx, workspace, now, { job: job.id, code: reason.code, message: reason.message })
  }
  await writeEvent(tx, workspace, now, 'transfer', job.id, 'changed')
}

function reasonColumns(reason: Reason | undefined) {
  return {
    reason: reason?.code ?? null,
    reason_hr: reason?.message ?? '',
    reason_entity: reason?.entity ?? null,
  }
}

function modifiedBy({ now, by }: Change): JobPatch {
  return { modified: now, ...(by === undefined ? {} : { modifier: by.email, modifier_user: by.user }) }
}

function describe(from: JobStatus, to: JobStatus, email: string | undefined): string {
  return `${from} -> ${to}${email === undefined ? '' : ` by ${email}`}`
}
