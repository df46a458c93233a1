import { applyJob, type Change, type JobEffect } from './apply-job.js'
import type { JobTrigger } from './job-machine.js'
import { moveTasks } from './move-tasks.js'
import type { JobRow } from './rows.js'

/** Takes the lease from a job and its tasks back from the agents. Harmless on a job that does not run. */
export async function releaseJob(change: Change, job: string): Promise<void> {
  await change.tx.deleteFrom('lease').where('job', '=', job).execute()
  await moveTasks(change, job, 'recall')
}

/** Ends a job's run along with what `trigger` does to the job. */
export async function endRun(
  change: Change,
  job: JobRow,
  trigger: JobTrigger,
  effect: JobEffect = {},
): Promise<JobRow | undefined> {
  await releaseJob(change, job.id)
  return await applyJob(change, job, trigger, effect)
}
