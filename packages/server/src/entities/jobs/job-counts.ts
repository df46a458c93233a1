import type { EntityType } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Condition } from '../../query/binding.js'
import { rowsVisibleTo } from '../authority.js'
import { builder } from '../engine/find.js'
import type { Json } from '../engine/present.js'

/** Which jobs are those of an entity; types that are absent have none. */
const jobsOf: Readonly<Partial<Record<EntityType, (id: string) => Condition>>> = {
  workspace: () => (eb) => eb('job.kind', '=', 'transfer'),
  queue: (id) => (eb) => eb('job.parent', '=', id),
  user: (id) => (eb) => eb.or([eb('job.user', '=', id), withParty('user', id)(eb)]),
  site: (id) => withParty('site', id),
  ...named(['client', 'app', 'server', 'userserver', 'browser'], ofClient),
  ...named(['volume', 'folder', 'home', 'collection'], onShare),
}

/** Types whose jobs can be counted. */
export function hasJobs(type: EntityType): boolean {
  return jobsOf[type] !== undefined
}

/**
 * The transfers of an entity that the caller sees, made since a moment (milliseconds since 1970): how many by
 * status, their bytes, and how many of these are through.
 */
export async function countJobs(
  ctx: CallContext,
  type: EntityType,
  id: string,
  since: number,
): Promise<Json> {
  const visible = await rowsVisibleTo(ctx, 'transfer')
  const conditions = [jobsOf[type]?.(id), visible].filter((condition) => condition !== undefined)
  let query = ctx.store.db
    .selectFrom('job')
    .select(['status', ({ fn }) => fn.countAll().as('jobs')])
    .select(({ fn }) => [fn.sum('size').as('size'), fn.sum('transferred').as('transferred')])
    .where('kind', '=', 'transfer')
    .where('dry_run', '=', 0)
    .groupBy('status')
  if (since > 0) query = query.where('created', '>=', since)
  for (const condition of conditions) query = query.where(condition(builder))
  const rows = await query.execute()
  const total = (name: 'jobs' | 'size' | 'transferred'): number =>
    rows.reduce((sum, row) => sum + Number(row[name]), 0)
  return {
    jobs: total('jobs'),
    by_status: Object.fromEntries(rows.map(({ status, jobs }) => [status, Number(jobs)])),
    size: total('size'),
    transferred: total('transferred'),
  }
}

function named(types: readonly EntityType[], condition: (id: string) => Condition) {
  return Object.fromEntries(types.map((type) => [type, condition]))
}

function withParty(type: 'user' | 'site', id: string): Condition {
  return (eb) =>
    eb.or([
      eb.and([eb('job.source_type', '=', type), eb('job.source_id', '=', id)]),
      eb.and([eb('job.destination_type', '=', type), eb('job.destination_id', '=', id)]),
    ])
}

function ofClient(id: string): Condition {
  return (eb) => eb.or([eb('job.source_client', '=', id), eb('job.destination_client', '=', id)])
}

/** Ids are of hexadecimal digits, so that nothing in one can be a wildcard. */
function onShare(id: string): Condition {
  return (eb) => eb('job.shares', 'like', `%"${id}"%`)
}
