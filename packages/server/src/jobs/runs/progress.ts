import type { SessionProgress } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { addCounts, moveTasks } from '../lifecycle/move-tasks.js'

/**
 * Writes the latest word of a session's receiver onto its job and tasks. Bytes never run ahead of a task's size,
 * and tasks that are no longer held are left alone.
 */
export async function writeProgress(
  store: WorkspaceStore,
  { job, run }: { readonly job: string; readonly run: number },
  progress: SessionProgress,
  now: number,
): Promise<void> {
  await store.transaction(async (tx) => {
    const change = { tx, workspace: store.id, now }
    const row = await tx
      .selectFrom('job')
      .select(['status', 'run', 'size', 'transferred'])
      .where('id', '=', job)
      .executeTakeFirst()
    if (row?.status !== 'running' || row.run !== run) return
    const bytesOf = new Map(progress.executing.map(({ task, bytes }) => [task, bytes]))
    let gained = 0
    if (bytesOf.size > 0) {
      const ids = [...bytesOf.keys()]
      await moveTasks(change, job, 'begin', { ids })
      const tasks = await tx
        .selectFrom('task')
        .select(['id', 'size', 'transferred'])
        .where('job', '=', job)
        .where('id', 'in', ids)
        .where('status', '=', 'executing')
        .execute()
      for (const task of tasks) {
        const transferred = Math.min(task.size, bytesOf.get(task.id) ?? 0)
        if (transferred === task.transferred) continue
        gained += transferred - task.transferred
        await tx.updateTable('task').set({ transferred }).where('id', '=', task.id).execute()
      }
    }
    if (gained !== 0) await addCounts(change, job, { transferred: gained })
    const left = Math.max(0, row.size - row.transferred - gained)
    const etr = progress.speed > 0 ? Math.ceil(left / progress.speed) : null
    await tx.updateTable('job').set({ speed: progress.speed, etr }).where('id', '=', job).execute()
  })
}
