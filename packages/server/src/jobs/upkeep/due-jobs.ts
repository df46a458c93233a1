import type { WorkspaceStore } from '../../store/store.js'
import { applyJob, readJob } from '../lifecycle/apply-job.js'
import { moveTasks } from '../lifecycle/move-tasks.js'

const pageSize = 200

/** Starts again what is due: failed jobs are retried, waiting ones may run. Answers with the ids of all of them. */
export async function wakeDueJobs(store: WorkspaceStore, now: number): Promise<string[]> {
  const due = await store.db
    .selectFrom('job')
    .select('id')
    .where('population', '=', 'live')
    .where('not_before', '<=', now)
    .limit(pageSize)
    .execute()
  for (const { id } of due)
    await store.transaction(async (tx) => await wake({ tx, workspace: store.id, now }, id))
  return due.map(({ id }) => id)
}

async function wake(change: Parameters<typeof readJob>[0], id: string): Promise<void> {
  const job = await readJob(change, id)
  if (job === undefined || job.not_before === null || job.not_before > change.now) return
  if (job.status !== 'failed') {
    await change.tx.updateTable('job').set({ not_before: null }).where('id', '=', id).execute()
    return
  }
  await moveTasks(change, id, 'requeue')
  const retries = job.retries + 1
  await applyJob(change, job, 'retry', {
    patch: { retries, not_before: null },
    log: `Retry ${retries} by itself`,
  })
}

/** The next moment that a job of the workspace is due at; null when there is none. */
export async function nextDue({ db }: WorkspaceStore): Promise<number | null> {
  const row = await db
    .selectFrom('job')
    .select((eb) => eb.fn.min('not_before').as('next'))
    .where('population', '=', 'live')
    .executeTakeFirst()
  return row?.next ?? null
}
