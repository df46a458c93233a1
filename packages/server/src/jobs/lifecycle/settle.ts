import { isReasonCode, type Reason, type ReasonCode } from '@waybill/api'
import { applyJob, type Change, readJob } from './apply-job.js'
import { isFinished, type TaskCounts, verdict } from './job-machine.js'
import { countsOf } from './move-tasks.js'
import type { JobRow } from './rows.js'

/** Milliseconds between the revival of a job and its dispatch, so that a script that looks right after sees it. */
export const revivalDelay = 500

/**
 * Brings a job in line with its tasks after these changed: complete, failed, on hold, or no longer on hold.
 * `retryAt` is when a job that fails now is to be tried again by itself, null for never.
 */
export async function settleJob(change: Change, id: string, retryAt: RetryAt): Promise<JobRow | undefined> {
  const job = await readJob(change, id)
  if (job === undefined || isFinished(job.status)) return job
  const counts = countsOf(job)
  const trigger = verdict(counts)
  if (trigger === undefined) {
    if (job.status !== 'paused' || job.paused_by_hand === 1) return job
    return (
      (await applyJob(change, job, 'release', { patch: { not_before: change.now + revivalDelay } })) ?? job
    )
  }
  if (trigger === 'fail') {
    // What somebody paused does not begin to retry by itself.
    if (job.status === 'failed' || job.paused_by_hand === 1) return job
    const plan = retryAt(job)
    const first = await firstFailure(change, id)
    const reason: Reason = {
      code: 'E#J099',
      ...first,
      message: failureWords(counts, first?.message, plan, change.now),
    }
    return (await applyJob(change, job, 'fail', { reason, patch: { not_before: plan } })) ?? job
  }
  if (trigger === 'hold') {
    if (job.status === 'paused') return job
    const reason: Reason = { code: 'W#J067', message: 'Everything that is left is on hold' }
    return (await applyJob(change, job, 'hold', { reason, patch: { not_before: null } })) ?? job
  }
  return (await applyJob(change, job, 'complete', { patch: { not_before: null } })) ?? job
}

export type RetryAt = (job: JobRow) => number | null

async function firstFailure({ tx }: Change, job: string) {
  const row = await tx
    .selectFrom('task')
    .select(['reason', 'reason_hr'])
    .where('job', '=', job)
    .where('status', '=', 'failed')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : { code: asReason(row.reason), message: row.reason_hr }
}

function failureWords(
  counts: TaskCounts,
  first: string | undefined,
  plan: number | null,
  now: number,
): string {
  const tasks = counts.failed === 1 ? 'A task failed' : `${counts.failed} tasks failed`
  const why = first === undefined || first === '' ? '' : `: ${first}`
  const next = plan === null ? '' : `; tried again in ${Math.max(1, Math.round((plan - now) / 1000))} s`
  return `${tasks}${why}${next}`
}

function asReason(code: string | null): ReasonCode {
  return isReasonCode(code) ? code : 'E#J099'
}
