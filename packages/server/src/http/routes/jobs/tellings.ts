import { parseDate, WaybillError } from '@waybill/api'
import type { Json } from '../../../entities/engine/present.js'
import { countJobs, hasJobs } from '../../../entities/jobs/job-counts.js'
import { jobMetrics, jobReport, latestLog, readLog } from '../../../entities/jobs/job-report.js'
import { type Answer, type Call, demandId, type Route } from '../route.js'

const mostEntries = 1000

/** What a job has to tell: its log, as entries and as text, and its figures. */
export const jobRoutes: readonly Route[] = [
  ...['transfer', 'job'].map(
    (name): Route => ({
      method: 'GET',
      uri: `${name}/log`,
      about:
        'Reads the log of a transfer, oldest entry first; without an id, the latest entries of all transfers that the caller sees, the latest first. At most 1000 at a time',
      answer: 'list of `{created, level, code, message, task}`, and without an id `job`',
      example: { id: '$transfer', data: { limit: 100, skip: 0 } },
      run: log,
    }),
  ),
  {
    method: 'GET',
    uri: 'ENTITY/report',
    about:
      'Tells in words what there is to tell: the log of a transfer, the figures of a workspace, user, site, queue, client or share',
    answer: 'text under `report`',
    example: { id: '$ENTITY' },
    run: report,
  },
  {
    method: 'GET',
    uri: 'ENTITY/metrics',
    about:
      'Tells in figures what there is to tell: of a transfer, or of the transfers of a workspace, user, site, queue, client or share since `time` (a date, or seconds back); the load of clients. `attributes` chooses some',
    answer: 'object',
    example: { id: '$ENTITY' },
    run: metrics,
  },
]

async function log(call: Call): Promise<Answer> {
  const { ctx, fields } = call
  const limit = Math.min(fields.count('limit') ?? mostEntries, mostEntries)
  const page = { limit, skip: fields.count('skip') ?? 0 }
  if (call.id === undefined) return { result: await latestLog(ctx, page) }
  const job = demandId(call)
  await call.entities.engine.demand(ctx, 'transfer', job)
  return { result: await readLog(ctx, job, page) }
}

async function report(call: Call): Promise<Answer> {
  const id = await entityOf(call)
  const text = call.type === 'transfer' ? await jobReport(call.ctx, id) : inLines(await figuresOf(call, id))
  // At the top for clients that look there, under `result` for those that look there first.
  return { body: { report: text, result: { report: text } } }
}

async function metrics(call: Call): Promise<Answer> {
  const figures = await figuresOf(call, await entityOf(call))
  const names = call.fields.names('attributes')
  if (names === undefined || names.length === 0) return { result: figures }
  const unknown = names.find((name) => !Object.hasOwn(figures, name))
  if (unknown === undefined) return { result: Object.fromEntries(names.map((name) => [name, figures[name]])) }
  throw new WaybillError(
    'unknown_attribute',
    `The metrics of a ${call.type} have no ${JSON.stringify(unknown)}; there are ${Object.keys(figures).join(', ')}`,
  )
}

async function figuresOf(call: Call, id: string): Promise<Json> {
  const { ctx, entities, type } = call
  if (type === 'transfer') return await jobMetrics(ctx, id)
  const counts = await countJobs(ctx, type, id, sinceOf(call))
  const seen = await entities.engine.get(ctx, type, id, readable(call, ['status', 'last_checkin', 'metrics']))
  const { metrics: load, ...own } = seen ?? {}
  return { ...own, ...(load === undefined ? {} : { load }), ...counts }
}

function readable({ ctx, entities, type }: Call, names: readonly string[]): readonly string[] {
  const known = entities.engine.attributes(ctx.caller.role, type, 'read')
  return names.filter((name) => known.includes(name))
}

/** The entity that the call is about, which for the workspace needs no id. */
async function entityOf(call: Call): Promise<string> {
  const { ctx, entities, type } = call
  if (type !== 'transfer' && !hasJobs(type)) {
    throw new WaybillError('bad_request', `There is nothing to report of a ${type}`)
  }
  const id = type === 'workspace' ? (call.id ?? ctx.workspace.id) : demandId(call)
  await entities.engine.demand(ctx, type, id)
  return id
}

/** `time`: since that date, or so many seconds back; since ever without. */
function sinceOf({ ctx, fields }: Call): number {
  const time = fields.raw('time')
  if (time === undefined || time === '') return 0
  if (typeof time === 'number' && Number.isFinite(time) && time >= 0) return ctx.now - time * 1000
  const range = typeof time === 'string' ? parseDate(time) : undefined
  if (range !== undefined) return range.from
  throw new WaybillError('bad_request', 'time has to be a date, or a number of seconds back from now')
}

function inLines(figures: Json): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
}
