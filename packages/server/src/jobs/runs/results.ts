import type { TaskResult } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { effectiveSettings } from '../effective-settings.js'
import { type Change, readJob } from '../lifecycle/apply-job.js'
import { writeLog } from '../lifecycle/journal.js'
import { addCounts } from '../lifecycle/move-tasks.js'
import type { JobRow, TaskRow } from '../lifecycle/rows.js'
import { settleJob } from '../lifecycle/settle.js'
import { statesLeft, taskMachine } from '../lifecycle/task-machine.js'
import { retryPlan } from '../retry-plan.js'

/**
 * Writes down what the receiver says of tasks, and brings the job in line. Results of an older run than the
 * latest are not believed: the tasks may have been started again since. May be called again with the same
 * results. Answers with the job as it is now.
 */
export async function applyResults(
  store: WorkspaceStore,
  jobId: string,
  run: number,
  results: readonly TaskResult[],
  now: number,
): Promise<JobRow | undefined> {
  return await store.transaction(async (tx) => {
    const change = { tx, workspace: store.id, now }
    const job = await readJob(change, jobId)
    if (job === undefined || job.run !== run) return job
    const byId = new Map(results.map((result) => [result.task, result]))
    const tasks = await tx
      .selectFrom('task')
      .selectAll()
      .where('job', '=', jobId)
      .where('id', 'in', [...byId.keys()])
      .execute()
    for (const task of tasks) {
      const result = byId.get(task.id)
      if (result !== undefined) await applyResult(change, task, result)
    }
    const settings = await effectiveSettings(tx, store.id, job)
    return await settleJob(change, jobId, retryPlan(settings, now))
  })
}

const triggers = { done: 'succeed', failed: 'fail', cancelled: 'recall' } as const

async function applyResult(change: Change, task: TaskRow, result: TaskResult): Promise<void> {
  const trigger = triggers[result.status]
  if (!statesLeft(trigger).includes(task.status)) return
  const { to } = taskMachine[trigger]
  const over = to !== 'queued'
  const size = to === 'done' || result.size > task.size ? result.size : task.size
  const transferred = to === 'done' ? size : Math.min(size, result.sent + result.skipped)
  await change.tx
    .updateTable('task')
    .set({
      status: to,
      reason: to === 'failed' ? (result.code ?? 'E#J099') : null,
      reason_hr: to === 'failed' ? (result.message ?? 'Failed without a word') : '',
      size,
      transferred,
      files: result.files,
      time: result.time,
      measured: 1,
      modified: change.now,
      finished: over ? change.now : null,
    })
    .where('id', '=', task.id)
    .execute()
  await addCounts(change, task.job, {
    [task.status]: -1,
    [to]: 1,
    size: size - task.size,
    transferred: transferred - task.transferred,
  })
  await logResult(change, task, result)
}

async function logResult(change: Change, task: TaskRow, result: TaskResult): Promise<void> {
  const about = { job: task.job, task: task.id }
  const details = result.details.map(({ path, code, message }) => ({
    ...about,
    code,
    message: `${path}: ${message}`,
  }))
  if (result.status === 'failed') {
    const message = `Task ${task.uri} failed: ${result.message ?? 'no reason was given'}`
    details.unshift({ ...about, code: result.code ?? 'E#J099', message })
  }
  await writeLog(change.tx, change.workspace, change.now, ...details)
}
