import type { ManifestMessage } from '../../agents/hub.js'
import type { WorkspaceStore } from '../../store/store.js'
import { writeLog } from '../lifecycle/journal.js'
import { leaseSession } from '../runs/session-ends.js'

/**
 * Keeps a piece of a job's manifest, once however often it is told. Only the agent at the job's destination has
 * anything to tell of it; from others, or of a run that never was, it is ignored. Pieces come before the results
 * of their tasks, so that of a task that is done all is here.
 */
export async function keepPiece(
  store: WorkspaceStore,
  client: string,
  { job: named, lease: run, seq, lines }: ManifestMessage,
  now: number,
): Promise<void> {
  await store.transaction(async (tx) => {
    const job = await tx
      .selectFrom('job')
      .select(['id', 'run'])
      .where('id', '=', leaseSession(named))
      .where('destination_client', '=', client)
      .executeTakeFirst()
    if (job === undefined || run > job.run) return
    if (lines === null) {
      const message = 'A part of the manifest was lost before it could be kept'
      await writeLog(tx, store.id, now, { job: job.id, code: 'W#J064', message })
      return
    }
    const kept = await tx
      .insertInto('manifest')
      .values({ workspace: store.id, job: job.id, run, seq, lines })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (kept.numInsertedOrUpdatedRows === 0n) return
    // Runs all of whose tasks were done again since.
    await tx
      .deleteFrom('manifest')
      .where('job', '=', job.id)
      .where('run', '<', (select) =>
        select
          .selectFrom('task')
          .select(({ fn }) => fn.min('run').as('run'))
          .where('job', '=', job.id),
      )
      .execute()
  })
}
