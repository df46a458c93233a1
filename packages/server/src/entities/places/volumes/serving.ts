import { newId, WaybillError } from '@waybill/api'
import type { AgentHub } from '../../../agents/hub.js'
import type { CallContext } from '../../../context.js'
import type { Tx } from '../../../store/store.js'

const serverType = 1

export interface ServingClient {
  readonly id: string
  readonly code: string
  readonly os: string
  readonly site: string
}

/** Where a volume lies, per operating system and otherwise. */
export interface VolumePaths {
  readonly path: string
  readonly paths: Readonly<Record<string, string>>
}

/** The server that is named by its id or host name, alone or after `client:`, `server:` or `client=`. */
export async function findServer(tx: Tx, value: unknown): Promise<ServingClient> {
  const name = typeof value === 'string' ? value.replace(/^(client|server)[:=]/, '') : ''
  const found = await tx
    .selectFrom('client')
    .select(['id', 'code', 'os', 'site', 'type'])
    .where((eb) => eb.or([eb('id', '=', name), eb('code', '=', name)]))
    .execute()
  const servers = found.filter(({ type }) => type === serverType)
  const [server, other] = servers
  if (server !== undefined && other === undefined) return server
  if (server !== undefined) {
    throw new WaybillError('conflict', `Several servers are called ${name}; name one by its id`)
  }
  const why = found.length > 0 ? `${name} is no server` : `There is no server ${JSON.stringify(value)}`
  throw new WaybillError('not_found', why)
}

/**
 * The volume's root on a server's machine, as the server itself resolves it; it is made when it is not there.
 * Asks the agent, so never within a transaction.
 */
export async function resolveRoot(
  hub: AgentHub,
  server: ServingClient,
  volume: VolumePaths,
): Promise<string> {
  const path = volume.paths[server.os] ?? volume.path
  if (path === '') throw new WaybillError('bad_request', `The volume has no path for ${server.os}`)
  if (!hub.isOnline(server.id)) {
    throw new WaybillError(
      'agent_offline',
      `${server.code} is offline: it has to say whether it can serve ${path}`,
    )
  }
  const root = await hub.request(server.id, 'root.check', { path, create: true })
  return root.path
}

/** Makes a server serve a volume at the server's site, instead of whichever served it there before. */
export async function assignServer(
  tx: Tx,
  ctx: CallContext,
  volume: string,
  server: ServingClient,
  path: string,
): Promise<void> {
  await tx.deleteFrom('share_server').where('share', '=', volume).where('site', '=', server.site).execute()
  await tx
    .insertInto('share_server')
    .values({
      id: newId(ctx.now),
      workspace: ctx.workspace.id,
      share: volume,
      client: server.id,
      site: server.site,
      path,
      problem: '',
      created: ctx.now,
    })
    .execute()
}

/** The servers of a volume, at all sites. */
export async function serversOf(tx: Tx, volume: string): Promise<readonly ServingClient[]> {
  return await tx
    .selectFrom('share_server')
    .innerJoin('client', 'client.id', 'share_server.client')
    .select(['client.id', 'client.code', 'client.os', 'share_server.site'])
    .where('share_server.share', '=', volume)
    .execute()
}

/** The server of a volume at the main site; undefined when there is none. */
export async function mainServerOf(tx: Tx, volume: string): Promise<ServingClient | undefined> {
  return await tx
    .selectFrom('share_server')
    .innerJoin('client', 'client.id', 'share_server.client')
    .innerJoin('site', 'site.id', 'share_server.site')
    .select(['client.id', 'client.code', 'client.os', 'client.site'])
    .where('share_server.share', '=', volume)
    .where('site.main', '=', 1)
    .executeTakeFirst()
}
