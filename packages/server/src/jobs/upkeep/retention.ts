import type { Tx, WorkspaceStore } from '../../store/store.js'
import {
  type EffectiveSettings,
  effectiveSettings,
  numberSetting,
  workspaceSettings,
} from '../effective-settings.js'

const day = 86_400_000
const name = 'job_archive_days'
/** Jobs with a number of days of their own that are looked at in a go. */
const pageSize = 500

/**
 * Moves finished jobs that are old enough to the archive, by the days of their queue or their own; answers with
 * how many. Nothing leaves the archive.
 */
export async function archiveOldJobs(store: WorkspaceStore, now: number): Promise<number> {
  const { db, id: workspace } = store
  const queues = await db.selectFrom('job').select(['id', 'parent']).where('kind', '=', 'queue').execute()
  let archived = await archiveIn(db, null, dueBy(await workspaceSettings(db, workspace), now))
  for (const queue of queues) {
    const settings = await effectiveSettings(db, workspace, queue)
    archived += await archiveIn(db, queue.id, dueBy(settings, now))
  }
  return archived + (await archiveByOwn(store, now))
}

function dueBy(settings: EffectiveSettings, now: number): number {
  return now - numberSetting(settings, name) * day
}

/** Jobs of one queue, or of none, that have no days of their own. */
async function archiveIn(db: Tx, queue: string | null, due: number): Promise<number> {
  const own = db.selectFrom('setting').select('setting.entity').where('setting.name', '=', name)
  const { numUpdatedRows } = await db
    .updateTable('job')
    .set({ population: 'archived' })
    .where('kind', '=', 'transfer')
    .where('population', '=', 'finished')
    .where('finished', '<=', due)
    .where('parent', queue === null ? 'is' : '=', queue)
    .where('id', 'not in', own)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

async function archiveByOwn({ db, id: workspace }: WorkspaceStore, now: number): Promise<number> {
  let archived = 0
  for (let after = ''; ; ) {
    const jobs = await db
      .selectFrom('job')
      .innerJoin('setting', 'setting.entity', 'job.id')
      .select(['job.id', 'job.parent', 'job.finished'])
      .where('setting.name', '=', name)
      .where('job.kind', '=', 'transfer')
      .where('job.population', '=', 'finished')
      .where('job.id', '>', after)
      .orderBy('job.id')
      .limit(pageSize)
      .execute()
    for (const job of jobs) {
      const due = dueBy(await effectiveSettings(db, workspace, job), now)
      if (job.finished === null || job.finished > due) continue
      const { numUpdatedRows } = await db
        .updateTable('job')
        .set({ population: 'archived' })
        .where('id', '=', job.id)
        .where('population', '=', 'finished')
        .executeTakeFirst()
      archived += Number(numUpdatedRows)
    }
    const last = jobs.at(-1)
    if (last === undefined || jobs.length < pageSize) return archived
    after = last.id
  }
}
