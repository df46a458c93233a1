import type { CallContext } from '../../context.js'
import type { JobEngine } from '../engine.js'
import { readJob } from '../lifecycle/apply-job.js'
import { endRun } from '../lifecycle/release.js'
import { changeOf } from './change-of.js'

const pageSize = 100

/** Aborts the live jobs of, from or to an entity that is being deleted. */
export async function abortJobsOf(
  ctx: CallContext,
  engine: JobEngine,
  { entitytype, id }: { readonly entitytype: string; readonly id: string },
  why: string,
): Promise<void> {
  for (;;) {
    const jobs = await liveJobsOf(ctx, entitytype, id)
    for (const job of jobs) {
      await ctx.store.transaction(async (tx) => {
        const change = changeOf(ctx, tx)
        const fresh = await readJob(change, job)
        if (fresh !== undefined)
          await endRun(change, fresh, 'abort', { log: why, patch: { not_before: null } })
      })
      engine.stopRun(ctx.workspace.id, job, why)
    }
    if (jobs.length < pageSize) return
  }
}

async function liveJobsOf({ store }: CallContext, entitytype: string, id: string): Promise<string[]> {
  const live = store.db
    .selectFrom('job')
    .select('id')
    .where('kind', '=', 'transfer')
    .where('population', '=', 'live')
    .limit(pageSize)
  const rows = await live
    .where((eb) => {
      if (entitytype === 'user' || entitytype === 'site') {
        return eb.or([eb('user', '=', id), eb('source_id', '=', id), eb('destination_id', '=', id)])
      }
      if (entitytype === 'client')
        return eb.or([eb('source_client', '=', id), eb('destination_client', '=', id)])
      return eb('shares', 'like', `%"${id}"%`)
    })
    .execute()
  return rows.map((row) => row.id)
}
