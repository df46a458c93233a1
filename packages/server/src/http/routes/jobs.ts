import { WaybillError } from '@waybill/api'
import { jobMetrics, jobReport, readLog } from '../../entities/jobs/job-report.js'
import { type Answer, type Call, demandId, type Route } from './route.js'

const mostEntries = 1000

/** What a job has to tell: its log, as entries and as text, and its figures. */
export const jobRoutes: readonly Route[] = [
  ...['transfer', 'job'].map(
    (name): Route => ({
      method: 'GET',
      uri: `${name}/log`,
      about: 'Reads the log of a transfer, oldest entry first, at most 1000 at a time',
      answer: 'list of `{created, level, code, message, task}`',
      example: { id: '$transfer', data: { limit: 100, skip: 0 } },
      run: log,
    }),
  ),
  {
    method: 'GET',
    uri: 'ENTITY/report',
    about: 'Tells in words what there is to tell of an entity',
    answer: 'text under `report`',
    example: { id: '$ENTITY' },
    run: report,
  },
  {
    method: 'GET',
    uri: 'ENTITY/metrics',
    about: 'Tells in figures what there is to tell of an entity',
    answer: 'object',
    example: { id: '$ENTITY' },
    run: metrics,
  },
]

async function log(call: Call): Promise<Answer> {
  const { fields } = call
  const job = await jobOf(call)
  const limit = Math.min(fields.count('limit') ?? mostEntries, mostEntries)
  return { result: await readLog(call.ctx, job, { limit, skip: fields.count('skip') ?? 0 }) }
}

async function report(call: Call): Promise<Answer> {
  const text = await jobReport(call.ctx, await jobOf(call))
  // At the top for clients that look there, under `result` for those that look there first.
  return { body: { report: text, result: { report: text } } }
}

async function metrics(call: Call): Promise<Answer> {
  return { result: await jobMetrics(call.ctx, await jobOf(call)) }
}

async function jobOf(call: Call): Promise<string> {
  if (call.type !== 'transfer') {
    throw new WaybillError('not_available', `Reports of a ${call.type} are not available yet`)
  }
  const id = demandId(call)
  await call.entities.engine.demand(call.ctx, 'transfer', id)
  return id
}
