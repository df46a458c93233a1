import type { TaskResult, TaskStatus } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { effectiveSettings, taskSettings, wordSetting } from '../effective-settings.js'
import { type Change, readJob } from '../lifecycle/apply-job.js'
import { writeLog } from '../lifecycle/journal.js'
import { addCounts } from '../lifecycle/move-tasks.js'
import type { JobRow, TaskRow } from '../lifecycle/rows.js'
import { settleJob } from '../lifecycle/settle.js'
import { statesLeft, type TaskTrigger, taskMachine } from '../lifecycle/task-machine.js'
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
    const missing = tasks.filter(({ id }) => isMissing(byId.get(id)))
    const settingsOf = await taskSettings(tx, store.id, job, missing)
    for (const task of tasks) {
      const result = byId.get(task.id)
      if (result === undefined) continue
      const leftOut = missing.includes(task) && wordSetting(settingsOf(task), 'job_on_missing') !== 'fail'
      await applyResult(change, task, result, leftOut ? 'leaveOut' : triggers[result.status])
    }
    const settings = await effectiveSettings(tx, store.id, job)
    return await settleJob(change, jobId, retryPlan(settings, now))
  })
}

const triggers = { done: 'succeed', failed: 'fail', cancelled: 'recall' } as const

/** Whether nothing at all is there of a source: not some file of it that was deleted while it was read. */
function isMissing(result: TaskResult | undefined): boolean {
  return (
    result?.status === 'failed' &&
    result.code === 'E#J001' &&
    result.files === 0 &&
    result.details.length === 0
  )
}

async function applyResult(
  change: Change,
  task: TaskRow,
  result: TaskResult,
  trigger: TaskTrigger,
): Promise<void> {
  if (!statesLeft(trigger).includes(task.status)) return
  const { to } = taskMachine[trigger]
  const over = to !== 'queued'
  const why = whyOf(to, result)
  const size = to === 'done' || result.size > task.size ? result.size : task.size
  const transferred = to === 'done' ? size : Math.min(size, result.sent + result.skipped)
  await change.tx
    .updateTable('task')
    .set({
      status: to,
      reason: why?.code ?? null,
      reason_hr: why?.message ?? '',
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
  await logResult(change, task, result, why)
}

function whyOf(to: TaskStatus, { code, message }: TaskResult) {
  const words = message ?? 'Failed without a word'
  if (to === 'excluded') return { code: 'W#J001', message: `Left out: ${words}` }
  return to === 'failed' ? { code: code ?? 'E#J099', message: words } : undefined
}

async function logResult(
  change: Change,
  task: TaskRow,
  result: TaskResult,
  why: ReturnType<typeof whyOf>,
): Promise<void> {
  const about = { job: task.job, task: task.id }
  const details = result.details.map(({ path, code, message }) => ({
    ...about,
    code: code === '' ? null : code,
    message: path === '' ? message : `${path}: ${message}`,
  }))
  if (why !== undefined) {
    const became = why.code === 'W#J001' ? '' : ' failed'
    details.unshift({ ...about, code: why.code, message: `Task ${task.uri}${became}: ${why.message}` })
  }
  await writeLog(change.tx, change.workspace, change.now, ...details)
}
