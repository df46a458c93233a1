import { effectiveSettings } from '../effective-settings.js'
import { readJob } from '../lifecycle/apply-job.js'
import { writeLog } from '../lifecycle/journal.js'
import { endRun, releaseJob } from '../lifecycle/release.js'
import type { JobRow } from '../lifecycle/rows.js'
import { retryPlan } from '../retry-plan.js'
import type { Outcome, SessionRun } from './session-run.js'

/** First and longest wait after endpoints that could not work together, milliseconds; doubles each time. */
const firstWait = 1000
const longestWait = 60_000

/** Writes down how runs ended. */
export class Conclusions {
  /** How often in a row each job's endpoints could not work together. */
  private readonly strikes = new Map<string, number>()

  /** Answers with the job as it is then; undefined when the run had been ended by somebody else. */
  async write(run: SessionRun, outcome: Outcome, now: number): Promise<JobRow | undefined> {
    const { lease, store } = run
    const wait = this.waitAfter(lease.job, outcome)
    return await store.transaction(async (tx) => {
      const change = { tx, workspace: store.id, now }
      const job = await readJob(change, lease.job)
      if (job === undefined || job.run !== lease.run) return undefined
      const { files, sent, skipped } = run.moved
      const message = job.dry_run
        ? `Run ${lease.run}: a dry run that looked at ${files} files; nothing was changed`
        : `Run ${lease.run}: ${files} files, ${sent} bytes sent, ${skipped} bytes were there already`
      await writeLog(tx, store.id, now, { job: job.id, message })
      if (job.status !== 'running' || outcome.kind === 'done') {
        await releaseJob(change, job.id)
        return job
      }
      if (outcome.kind === 'again')
        return await endRun(change, job, 'yield', { log: 'Goes on in another run' })
      const { reason } = outcome
      if (outcome.kind === 'vanished') return await endRun(change, job, 'yield', { reason })
      if (outcome.kind === 'broken') {
        return await endRun(change, job, 'yield', { reason, patch: { not_before: now + wait } })
      }
      const retryAt = retryPlan(await effectiveSettings(tx, store.id, job), now)
      return await endRun(change, job, 'fail', { reason, patch: { not_before: retryAt(job) } })
    })
  }

  private waitAfter(job: string, outcome: Outcome): number {
    if (outcome.kind !== 'broken') {
      this.strikes.delete(job)
      return 0
    }
    const strikes = this.strikes.get(job) ?? 0
    this.strikes.set(job, strikes + 1)
    return Math.min(longestWait, firstWait * 2 ** Math.min(strikes, 10))
  }
}
