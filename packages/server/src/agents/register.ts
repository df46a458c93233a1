import { agentTypes, type FromAgent, newId, WaybillError } from '@waybill/api'
import type { Caller } from '../context.js'
import { writeEvent } from '../jobs/lifecycle/journal.js'
import type { Tx, WorkspaceStore } from '../store/store.js'
import { orderAddresses } from './addresses.js'

export type Hello = Extract<FromAgent, { type: 'hello' }>

/** Who opened a line, as its headers proved. */
export interface Login {
  readonly workspace: { readonly id: string; readonly code: string }
  readonly store: WorkspaceStore
  readonly caller: Caller
}

/** What an agent is recognised by: it has one client, however often it is installed again. */
export interface Identity {
  readonly user: string
  readonly type: number
  readonly code: string
}

export interface Registered {
  readonly client: string
  readonly site: { readonly id: string; readonly main: boolean }
}

/** Names go into `email@host:path`, so they are made of what cannot be mistaken for the rest of it. */
const hostName = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,252}$/u

/** The identity that a hello asks for; throws when this caller may not have it. */
export function identityOf({ caller }: Login, hello: Hello): Identity {
  if (!hostName.test(hello.hostname)) {
    throw new WaybillError(
      'bad_request',
      'An agent cannot have this name: letters, digits, ".", "-" and "_" make one. Choose another with --name',
    )
  }
  if (hello.agent === 'server' && caller.role !== 'admin') {
    throw new WaybillError(
      'forbidden',
      `An agent of type server needs a user with the role admin; ${caller.email} is ${caller.role}`,
    )
  }
  return { user: caller.user, type: agentTypes[hello.agent], code: hello.hostname }
}

export async function findClient(db: Tx, { user, type, code }: Identity): Promise<string | undefined> {
  const rows = db.selectFrom('client').select('id').where('user', '=', user)
  return (await rows.where('type', '=', type).where('code', '=', code).executeTakeFirst())?.id
}

/**
 * Makes the client of a new agent, or brings that of a known one up to date. A state directory that was wiped
 * shows as another machine id, and takes the client over.
 */
export async function register(
  { workspace, store, caller }: Login,
  identity: Identity,
  hello: Hello,
  seen: string,
  now: number,
): Promise<Registered> {
  return await store.transaction(async (tx) => {
    await demandMember(tx, caller)
    const present = {
      os: hello.os,
      username: hello.username,
      version: hello.version,
      wan_ip: seen,
      addresses: JSON.stringify(orderAddresses(hello.addresses, seen)),
      machine: hello.machine,
      online: 1,
      last_checkin: now,
    } as const
    const known = await findClient(tx, identity)
    if (known !== undefined) {
      await tx.updateTable('client').set(present).where('id', '=', known).execute()
      await writeEvent(tx, workspace.id, now, 'client', known, 'changed')
      return { client: known, site: await siteOf(tx, known) }
    }
    const site = await firstSite(tx, hello)
    const id = newId(now)
    await tx
      .insertInto('client')
      .values({
        ...present,
        ...identity,
        id,
        workspace: workspace.id,
        name: identity.code,
        description: '',
        metadata: null,
        metrics: null,
        site: site.id,
        roles: hello.agent === 'server' ? 'storage' : '',
        disabled: 0,
        created: now,
        creator: caller.email,
        modified: now,
        modifier: caller.email,
      })
      .execute()
    await writeEvent(tx, workspace.id, now, 'client', id, 'created')
    return { client: id, site }
  })
}

/** Again, since the headers were looked at before: the user may have been deleted or set aside in between. */
async function demandMember(tx: Tx, caller: Caller): Promise<void> {
  const user = await tx
    .selectFrom('user')
    .select(['status', 'inactive'])
    .where('id', '=', caller.user)
    .executeTakeFirst()
  if (user === undefined || user.inactive === 1) {
    throw new WaybillError('not_member', `${caller.email} is no user of the workspace`)
  }
  if (user.status === 'disabled') throw new WaybillError('forbidden', `The user ${caller.email} is disabled`)
}

async function siteOf(tx: Tx, client: string): Promise<Registered['site']> {
  const site = await tx
    .selectFrom('client')
    .innerJoin('site', 'site.id', 'client.site')
    .select(['site.id', 'site.main'])
    .where('client.id', '=', client)
    .executeTakeFirst()
  return { id: site?.id ?? '', main: site?.main === 1 }
}

/** Servers start at the main site; an admin may move them. Users' machines roam. */
async function firstSite(tx: Tx, { agent }: Hello): Promise<Registered['site']> {
  const sites = tx.selectFrom('site').select(['id', 'main'])
  const site = await (agent === 'server' ? sites.where('main', '=', 1) : sites.where('code', '=', 'roaming'))
    .limit(1)
    .executeTakeFirst()
  if (site === undefined) {
    throw new WaybillError('internal', `The workspace has no site for agents of type ${agent}`)
  }
  return { id: site.id, main: site.main === 1 }
}
