import { WaybillError } from '@waybill/api'
import { assignments } from '../../entities/places/volumes/site-servers.js'
import { type Answer, type Call, demandId, type Route } from './route.js'

/** Which servers serve a volume. As `share` it may be a share of any kind, of which only volumes have servers. */
export const shareRoutes: readonly Route[] = ['share', 'volume', 'folder'].flatMap((name): Route[] => [
  {
    method: 'PUT',
    uri: `${name}/server`,
    about: "Has a server serve a volume at the server's site",
    answer: '`true`',
    example: { id: '$volume', data: { client: '$server' } },
    run: assign,
  },
  {
    method: 'DELETE',
    uri: `${name}/server`,
    about: 'Has a server serve a volume no longer',
    answer: '`true`',
    example: { id: '$volume', data: { client: '$server' } },
    run: release,
  },
  {
    method: 'GET',
    uri: `${name}/servers`,
    about: 'Lists the servers of a volume',
    answer: 'list of assignments',
    example: { id: '$volume' },
    run: servers,
  },
])

async function assign(call: Call): Promise<Answer> {
  const { ctx, entities, deps } = call
  const id = await volumeOf(call)
  await entities.volumes.assign(ctx, id, clientOf(call))
  deps.jobs.touched(ctx.workspace.id, { entitytype: 'volume', id })
  return { result: true }
}

async function release(call: Call): Promise<Answer> {
  const { ctx, entities, deps } = call
  const id = await volumeOf(call)
  await entities.volumes.release(ctx, id, clientOf(call))
  deps.jobs.touched(ctx.workspace.id, { entitytype: 'volume', id })
  return { result: true }
}

async function servers(call: Call): Promise<Answer> {
  const id = await volumeOf(call)
  const found = await assignments(call.ctx, [id], { main: true })
  return { result: found.get(id) ?? [] }
}

async function volumeOf(call: Call): Promise<string> {
  const id = demandId({ ...call, type: 'volume' })
  await call.entities.engine.demand(call.ctx, 'volume', id)
  return id
}

function clientOf({ fields }: Call): string {
  const client = fields.text('client')
  if (client !== undefined) return client
  throw new WaybillError('bad_request', 'Which server? Give its id as client')
}
