import type { WorkspaceStore } from '../../store/store.js'
import { numberSetting, workspaceSettings } from '../effective-settings.js'

const day = 86_400_000

/** Moves finished jobs that are old enough to the archive; answers with how many. Nothing leaves the archive. */
export async function archiveOldJobs(store: WorkspaceStore, now: number): Promise<number> {
  const days = numberSetting(await workspaceSettings(store.db, store.id), 'job_archive_days')
  const { numUpdatedRows } = await store.db
    .updateTable('job')
    .set({ population: 'archived' })
    .where('kind', '=', 'transfer')
    .where('population', '=', 'finished')
    .where('finished', '<=', now - days * day)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
