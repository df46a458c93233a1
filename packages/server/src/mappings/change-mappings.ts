import { agentTypes, isEntityId, newId, type PathNotation, parsePath, WaybillError } from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import { noteChange } from '../audit/note-change.js'
import type { CallContext } from '../context.js'
import { demandNotation } from '../jobs/ends/end.js'
import { type ClientRow, Directory, type ShareRow } from '../locations/directory.js'
import { findPlace, isCollection } from '../locations/share-place.js'

/** A share that a user maps to a directory of an own machine. */
export interface MappingRequest {
  /** Id or host name of the machine; the one that was seen last when absent. */
  readonly client: string | undefined
  /** Code, id, or notation (`folder=trailers`, `~`). */
  readonly share: string
  readonly path: string
  /** What others may: pull from it, push to it. */
  readonly read: boolean
  readonly write: boolean
}

/** For the agent's answer about the directory, milliseconds: a network drive may hang. */
const patience = 5000

/** Maps a share, or changes how it is mapped there. The directory has to be on that machine now. */
export async function putMapping(ctx: CallContext, hub: AgentHub, request: MappingRequest): Promise<string> {
  const directory = new Directory(ctx)
  const client = await ownMachine(directory, request.client)
  const share = await shareOf(directory, request.share)
  const path = await checkedPath(hub, client, request)
  await ctx.store.transaction(async (tx) => {
    const { read, write } = request
    const changed = {
      path,
      read: read ? (1 as const) : (0 as const),
      write: write ? (1 as const) : (0 as const),
      modified: ctx.now,
      modifier: ctx.caller.email,
    }
    const made = { created: ctx.now, creator: ctx.caller.email }
    await tx
      .insertInto('mapping')
      .values({
        id: newId(ctx.now),
        workspace: ctx.workspace.id,
        client: client.id,
        share: share.id,
        ...changed,
        ...made,
      })
      .onConflict((conflict) => conflict.columns(['workspace', 'client', 'share']).doUpdateSet(changed))
      .execute()
    const details = { share: share.id, path, read, write }
    await noteChange(tx, ctx, {
      entitytype: 'client',
      id: client.id,
      change: 'changed',
      as: 'mapped',
      details,
    })
  })
  return client.id
}

/** Takes a mapping back; the files stay. Answers with the machine's id. */
export async function removeMapping(
  ctx: CallContext,
  { client: named, share }: Pick<MappingRequest, 'client' | 'share'>,
): Promise<string> {
  const client = await ownMachine(new Directory(ctx), named)
  await ctx.store.transaction(async (tx) => {
    // One's own mapping can be taken back, also of a share that one may not see any more.
    const found = await tx
      .selectFrom('mapping')
      .innerJoin('share', 'share.id', 'mapping.share')
      .select(['mapping.id', 'share.id as share'])
      .where('mapping.client', '=', client.id)
      .where((eb) => eb.or(keysOf(share, ctx).map((key) => eb(key.column, '=', key.value))))
      .executeTakeFirst()
    if (found === undefined) throw new WaybillError('not_found', `"${share}" is not mapped on ${client.code}`)
    await tx.deleteFrom('mapping').where('id', '=', found.id).execute()
    const details = { share: found.share }
    await noteChange(tx, ctx, {
      entitytype: 'client',
      id: client.id,
      change: 'changed',
      as: 'unmapped',
      details,
    })
  })
  return client.id
}

function keysOf(share: string, { caller }: CallContext) {
  const path = notationOf(share)
  if (path.kind === 'home') return [{ column: 'share.user' as const, value: caller.user }]
  const value = path.kind === 'share' ? path.code.toLowerCase() : ''
  return [
    { column: 'share.id' as const, value },
    { column: 'share.code' as const, value },
  ]
}

async function ownMachine(directory: Directory, named: string | undefined): Promise<ClientRow> {
  const { caller } = directory.ctx
  const isId: boolean = named !== undefined && isEntityId(named.toLowerCase())
  const client =
    named !== undefined && isId
      ? await directory.client(named)
      : await directory.clientOf({ id: caller.user, code: caller.email }, named)
  if (client.user !== caller.user) {
    throw new WaybillError('forbidden', `Only the user of ${client.code} may map shares there`)
  }
  if (client.type === agentTypes.server) {
    throw new WaybillError('bad_request', `${client.code} is a server: assign volumes to it instead`)
  }
  return client
}

async function shareOf(directory: Directory, text: string): Promise<ShareRow> {
  const path = notationOf(text)
  const place = await findPlace(directory, path, 'see')
  if (isCollection(place) || place.share.kind === 'collection') {
    throw new WaybillError('bad_request', 'A collection cannot be mapped: it has no directory of its own')
  }
  if (place.names.length > 0) {
    throw new WaybillError('bad_request', `Only whole shares are mapped: "${text}" is a path within one`)
  }
  return place.share
}

function notationOf(text: string): PathNotation {
  const { party, path } = parsePath(/[=:~]/.test(text) ? text : `share=${text}`)
  if (party === undefined && (path?.kind === 'share' || path?.kind === 'home')) return path
  throw new WaybillError('bad_request', `"${text}" is no share: write its code, or folder=code`)
}

async function checkedPath(
  hub: AgentHub,
  client: ClientRow,
  { path, write }: MappingRequest,
): Promise<string> {
  const parsed = parsePath(path)
  if (parsed.party !== undefined || parsed.path?.kind !== 'absolute') {
    throw new WaybillError('bad_request', `"${path}" is no absolute path on ${client.code}`)
  }
  demandNotation(client, parsed.path)
  if (parsed.path.names.length === 0) {
    throw new WaybillError('bad_request', 'A whole machine cannot be mapped; name a directory')
  }
  if (!hub.isOnline(client.id)) {
    const words = `${client.code} is offline, so that the directory cannot be looked at`
    throw new WaybillError('agent_offline', `${words}: start "waybill agent" there`)
  }
  const found = await hub.request(client.id, 'root.check', { path, create: false }, { timeoutMs: patience })
  if (write && !found.writable) {
    throw new WaybillError('forbidden', `The agent on ${client.code} may not write to ${found.path}`)
  }
  return found.path
}
