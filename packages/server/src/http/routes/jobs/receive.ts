import { WaybillError } from '@waybill/api'
import { selectAll } from '../../../entities/engine/find.js'
import { type Answer, type Call, demandId, type Route } from '../route.js'

/** Jobs shown at a time to somebody who has to choose a place. */
const most = 1000

/** What its receiver does with a job whose files wait for a place. */
export const receiveRoutes: readonly Route[] = ['transfer', 'job'].flatMap((name): Route[] => [
  {
    method: 'PUT',
    uri: `${name}/receive`,
    about:
      'Chooses where files that were sent to one go: the directory `path` of an own machine (`client`: id or host ' +
      'name; the latest when absent), for all `tasks` without a place or for those named by id or uri',
    answer: 'list of one: the transfer',
    example: { id: '$transfer', data: { path: '/Users/lisa/Downloads' } },
    run: receive,
  },
  {
    method: 'GET',
    uri: `${name}/pending`,
    about: 'Lists the transfers whose files wait for one to choose a place',
    answer: 'list of transfers',
    example: {},
    run: pending,
  },
])

async function receive(call: Call): Promise<Answer> {
  const { ctx, entities, deps, fields } = call
  const id = demandId(call)
  const path = fields.text('path')
  if (path === undefined || path === '') throw new WaybillError('bad_request', 'Where to? Give a path')
  await entities.engine.demand(ctx, 'transfer', id)
  await deps.jobs.transfer.receive(ctx, id, { path, client: fields.text('client'), tasks: tasksOf(call) })
  return { result: [await entities.engine.get(ctx, 'transfer', id)] }
}

function tasksOf({ fields }: Call): readonly string[] | undefined {
  const tasks = fields.raw('tasks')
  if (tasks === undefined) return undefined
  const list: readonly unknown[] = Array.isArray(tasks) ? tasks : [tasks]
  return list.map((task) => {
    if (typeof task === 'string' || typeof task === 'number') return String(task)
    throw new WaybillError('bad_request', 'tasks has to be a list of ids or uris of tasks')
  })
}

async function pending({ ctx }: Call): Promise<Answer> {
  const found = await selectAll(ctx, 'transfer', {
    where: [
      (eb) => eb('job.population', '=', 'live'),
      (eb) => eb('job.tasks_pending', '>', 0),
      (eb) => eb('job.destination_type', '=', 'user'),
      (eb) => eb('job.destination_id', '=', ctx.caller.user),
    ],
    limit: most,
  })
  return { result: found }
}
