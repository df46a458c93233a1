import type { SessionTask } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { type EffectiveSettings, effectiveSettings, taskSettings } from '../effective-settings.js'
import { addCounts, moveTasks } from '../lifecycle/move-tasks.js'
import type { JobRow, TaskRow } from '../lifecycle/rows.js'
import { settleJob } from '../lifecycle/settle.js'
import { retryPlan } from '../retry-plan.js'
import { type CopyWords, copyWords } from '../task-options.js'
import { readTaskParty } from '../task-party.js'
import { absolutePath, isLost, type Locator } from './locate.js'

/** The same tasks as each side is told them. */
export interface Bucket {
  readonly source: readonly SessionTask[]
  readonly destination: readonly SessionTask[]
}

interface Sides {
  readonly source: Locator
  readonly destination: Locator
}

/**
 * Takes the next queued tasks of a running job, most urgent first, sets them booting and says where their files
 * lie on both machines. A task whose place is not served there fails. A task is handed out once in a run: one
 * that is queued again waits for the next. Answers with undefined when there was none.
 */
export async function takeBucket(
  store: WorkspaceStore,
  { job, run }: { readonly job: string; readonly run: number },
  sides: Sides,
  limit: number,
  now: number,
): Promise<Bucket | undefined> {
  return await store.transaction(async (tx) => {
    const change = { tx, workspace: store.id, now }
    const running = await tx
      .selectFrom('job')
      .select(['id', 'parent', 'status', 'dry_run'])
      .where('id', '=', job)
      .executeTakeFirst()
    if (running?.status !== 'running') return undefined
    const tasks = await tx
      .selectFrom('task')
      .selectAll()
      .where('job', '=', job)
      .where('status', '=', 'queued')
      .where('run', '<', run)
      .orderBy('priority', 'desc')
      .orderBy('seq')
      .limit(limit)
      .execute()
    if (tasks.length === 0) return undefined
    const settingsOf = await taskSettings(tx, store.id, running, tasks)
    const source: SessionTask[] = []
    const destination: SessionTask[] = []
    for (const task of tasks) {
      const placed = await place(task, sides, wordsOf(running, settingsOf(task)))
      if (isLost(placed)) {
        const reason = { reason: placed.lost.code, reason_hr: placed.lost.message }
        await moveTasks(change, job, 'fail', { ids: [task.id] }, reason)
        continue
      }
      source.push(placed.source)
      destination.push(placed.destination)
      await tx
        .updateTable('task')
        .set({
          status: 'booting',
          tries: task.tries + 1,
          run,
          modified: now,
          finished: null,
          reason: null,
          reason_hr: '',
          source: withFinalPath(task.source, placed.source, sides.source),
          destination: withFinalPath(task.destination, placed.destination, sides.destination),
        })
        .where('id', '=', task.id)
        .execute()
    }
    await addCounts(change, job, { queued: -source.length, booting: source.length })
    if (source.length === 0) {
      await settleJob(change, job, retryPlan(await effectiveSettings(tx, store.id, running), now))
    }
    return { source, destination }
  })
}

/** The tasks that agents should hold already: what to tell them again after the control plane was away. */
export async function heldBucket(
  store: WorkspaceStore,
  job: Pick<JobRow, 'id' | 'parent' | 'dry_run'>,
  sides: Sides,
): Promise<Bucket> {
  const tasks = await store.db
    .selectFrom('task')
    .selectAll()
    .where('job', '=', job.id)
    .where('status', 'in', ['booting', 'executing'])
    .orderBy('priority', 'desc')
    .orderBy('seq')
    .execute()
  const settingsOf = await taskSettings(store.db, store.id, job, tasks)
  const placed = await Promise.all(
    tasks.map(async (task) => await place(task, sides, wordsOf(job, settingsOf(task)))),
  )
  const held = placed.flatMap((pair) => (isLost(pair) ? [] : [pair]))
  return { source: held.map((pair) => pair.source), destination: held.map((pair) => pair.destination) }
}

/** A dry run is told so with each task, whatever its settings. */
function wordsOf({ dry_run }: Pick<JobRow, 'dry_run'>, settings: EffectiveSettings): CopyWords {
  const words = copyWords(settings)
  return dry_run === 1 ? { ...words, options: { ...words.options, dryRun: true } } : words
}

async function place(task: TaskRow, sides: Sides, words: CopyWords) {
  const source = await sides.source.locate(readTaskParty(task.source))
  const destination = await sides.destination.locate(readTaskParty(task.destination))
  if (isLost(source)) return source
  if (isLost(destination)) return destination
  const common = {
    index: task.seq,
    task: task.id,
    size: task.size,
    ...words,
  }
  return { source: { ...common, location: source }, destination: { ...common, location: destination } }
}

/** The machine is told, too: the volume may have got another server since the task was made. */
function withFinalPath(party: string, { location }: SessionTask, { side: { client } }: Locator): string {
  return JSON.stringify({ ...readTaskParty(party), client, path_abs_final: absolutePath(location) })
}
