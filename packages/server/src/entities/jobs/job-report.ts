import { formatDate } from '@waybill/api'
import type { CallContext } from '../../context.js'
import { rowsVisibleTo } from '../authority.js'
import { builder, selectByIds } from '../engine/find.js'
import type { Json } from '../engine/present.js'

/** Entries that the text of a report holds, the latest ones. */
const longestReport = 10_000

/** A page of a job's log, oldest first. */
export async function readLog(
  ctx: CallContext,
  job: string,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<readonly Json[]> {
  const rows = await ctx.store.db
    .selectFrom('log')
    .select(['created', 'level', 'code', 'message', 'task'])
    .where('job', '=', job)
    .orderBy('id')
    .limit(limit)
    .offset(skip)
    .execute()
  return rows.map((row) => ({ ...row, created: formatDate(row.created) }))
}

/** The latest entries of the logs of all transfers that the caller sees, the latest first. */
export async function latestLog(
  ctx: CallContext,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<readonly Json[]> {
  const visible = await rowsVisibleTo(ctx, 'transfer')
  let query = ctx.store.db
    .selectFrom('log')
    .innerJoin('job', 'job.id', 'log.job')
    .select(['log.created', 'log.level', 'log.code', 'log.message', 'log.task', 'log.job', 'job.name'])
    .where('job.kind', '=', 'transfer')
    .orderBy('log.id', 'desc')
    .limit(limit)
    .offset(skip)
  if (visible !== undefined) query = query.where(visible(builder))
  const rows = await query.execute()
  return rows.map(({ job, name, ...row }) => ({
    ...row,
    created: formatDate(row.created),
    job,
    job_hr: name,
  }))
}

/** A job's log as text, a line per entry. */
export async function jobReport(ctx: CallContext, job: string): Promise<string> {
  const rows = await ctx.store.db
    .selectFrom('log')
    .leftJoin('task', 'task.id', 'log.task')
    .select(['log.created', 'log.level', 'log.code', 'log.message', 'task.uri'])
    .where('log.job', '=', job)
    .orderBy('log.id', 'desc')
    .limit(longestReport)
    .execute()
  return rows
    .reverse()
    .map(({ created, level, code, message, uri }) =>
      [formatDate(created), level.toUpperCase(), code, uri === null ? null : `task ${uri}:`, message]
        .filter((part) => part !== null)
        .join(' '),
    )
    .join('\n')
}

const figures = [
  'status',
  'created',
  'started',
  'finished',
  'size',
  'transferred',
  'progress',
  'speed',
  'etr',
  'retries',
  'tasks_total',
  'tasks_done',
  'tasks_failed',
]

export async function jobMetrics(ctx: CallContext, job: string): Promise<Json> {
  const [found] = await selectByIds(ctx, 'transfer', [job], figures)
  return found ?? {}
}
