import {
  defaultVolume,
  type EntityType,
  entities,
  isEntityId,
  type ShareNotation,
  WaybillError,
} from '@waybill/api'
import { type Expression, expressionBuilder, type Selectable, type SqlBool } from 'kysely'
import { loadRights, type Rights, scopeOf } from '../access/rights.js'
import type { CallContext } from '../context.js'
import { visibleRows } from '../entities/authority.js'
import { type Mapped, mappingsOn } from '../mappings/mapped.js'
import type { AnyBuilder } from '../query/binding.js'
import type { ClientTable, CollectionFileTable, Schema, ShareTable, SiteTable } from '../store/schema.js'
import { type VolumeAbove, volumeAbove } from './volume-paths.js'

export type ShareRow = Selectable<ShareTable>
export type CollectionFile = Selectable<CollectionFileTable>
export type ClientRow = Pick<Selectable<ClientTable>, 'id' | 'code' | 'type' | 'user' | 'site' | 'os'>
export type SiteRow = Pick<Selectable<SiteTable>, 'id' | 'code' | 'main' | 'status'>
export interface UserRow {
  readonly id: string
  readonly code: string
}

/** Files of a collection that are held at a time. */
const pageSize = 500
/** Conditions on what may be seen name their tables themselves. */
const builder: AnyBuilder = expressionBuilder<Schema, keyof Schema>()

/** Looks up the people, places and machines that paths name; each at most once in a call. */
export class Directory {
  private readonly found = new Map<string, Promise<unknown>>()

  constructor(readonly ctx: CallContext) {}

  /**
   * A share in use by code or id; a home also by its user's email. `share` is any kind of them. Undefined where
   * there is none: whether it may be seen is for the caller to check, and to answer in the same words.
   */
  async share(kind: ShareNotation, code: string): Promise<ShareRow | undefined> {
    const key = code.toLowerCase()
    return await this.once(`${kind} ${key}`, async () => {
      const shares = this.ctx.store.db.selectFrom('share').selectAll('share').where('share.inactive', '=', 0)
      if (key === defaultVolume && (kind === 'volume' || kind === 'share')) {
        return await shares.where('is_default', '=', 1).executeTakeFirst()
      }
      const [found] = await shares
        .where((eb) =>
          eb.or([
            eb('share.code', '=', key),
            eb('share.id', '=', key),
            eb.and([
              eb('share.kind', '=', 'home'),
              eb('share.user', 'in', eb.selectFrom('user').select('user.id').where('user.code', '=', key)),
            ]),
          ]),
        )
        .$if(kind !== 'share', (query) =>
          query.where('share.kind', '=', kind === 'delivery' || kind === 'share' ? 'collection' : kind),
        )
        .orderBy((eb) =>
          eb.case().when('share.id', '=', key).then(0).when('share.code', '=', key).then(1).else(2).end(),
        )
        .limit(1)
        .execute()
      return kind === 'delivery' ? undefined : found
    })
  }

  /** The volume that folders and homes lie on; itself for a volume. */
  async volumeOf(share: ShareRow): Promise<ShareRow | undefined> {
    if (share.kind === 'volume') return share
    return share.parent === null ? undefined : await this.share('volume', share.parent)
  }

  async ownHome(): Promise<ShareRow | undefined> {
    return await this.once(
      'own home',
      async () =>
        await this.ctx.store.db
          .selectFrom('share')
          .selectAll()
          .where('kind', '=', 'home')
          .where('user', '=', this.ctx.caller.user)
          .where('inactive', '=', 0)
          .executeTakeFirst(),
    )
  }

  /** What was put into a collection under a name. */
  async collectionFile(collection: ShareRow, name: string): Promise<CollectionFile | undefined> {
    return await this.once(
      `file ${collection.id} ${name}`,
      async () =>
        await this.ctx.store.db
          .selectFrom('collection_file')
          .selectAll()
          .where('collection', '=', collection.id)
          .where('name', '=', name)
          .executeTakeFirst(),
    )
  }

  /** The files of a collection in the order of their names, page by page. */
  async *collectionFiles(collection: ShareRow): AsyncGenerator<readonly CollectionFile[]> {
    for (let after = ''; ; ) {
      const page = await this.ctx.store.db
        .selectFrom('collection_file')
        .selectAll()
        .where('collection', '=', collection.id)
        .where('name', '>', after)
        .orderBy('name')
        .limit(pageSize)
        .execute()
      if (page.length > 0) yield page
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) return
      after = last.name
    }
  }

  /** The volume whose configured path an absolute path lies beneath, among those that the caller has to do with. */
  async volumeAbove(path: string): Promise<VolumeAbove | undefined> {
    const volumes = await this.once('volumes', async () => {
      const { db } = this.ctx.store
      const query = db.selectFrom('share').selectAll().where('kind', '=', 'volume').where('inactive', '=', 0)
      const rights = await this.rights()
      return (await query.execute()).filter(({ id }) => {
        const { all, reaches } = scopeOf(rights, id)
        return all || reaches.length > 0
      })
    })
    return volumeAbove(volumes, path)
  }

  /** The server that serves a volume at a site. */
  async serverOf(share: ShareRow, site: SiteRow): Promise<ClientRow> {
    return await this.once(`server ${share.id} ${site.id}`, async () => {
      const client = await this.ctx.store.db
        .selectFrom('share_server')
        .innerJoin('client', 'client.id', 'share_server.client')
        .select(['client.id', 'client.code', 'client.type', 'client.user', 'client.site', 'client.os'])
        .where('share_server.share', '=', share.id)
        .where('share_server.site', '=', site.id)
        .executeTakeFirst()
      if (client !== undefined) return client
      const what = this.sees('volume') ? `Volume ${share.code}` : 'What you named'
      throw new WaybillError('bad_request', `${what} has no server at site ${site.code}: assign one first`)
    })
  }

  async mainSite(): Promise<SiteRow> {
    return await this.once(
      'main site',
      async () => await this.sites().where('main', '=', 1).executeTakeFirstOrThrow(),
    )
  }

  /** A site by code or id, among those that the caller sees; everybody knows the main one as `hq`. */
  async site(code: string): Promise<SiteRow> {
    const key = code.toLowerCase()
    if (key === 'hq') return await this.mainSite()
    return await this.once(`site ${key}`, async () => {
      const site = this.sees('site')
        ? await this.sites()
            .where((eb) => eb.or([eb('code', '=', key), eb('id', '=', key)]))
            .executeTakeFirst()
        : undefined
      if (site !== undefined) return site
      throw new WaybillError('not_found', `There is no site "${code}"`)
    })
  }

  /** The main site, by the workspace's code or id, or `hq`. */
  async siteOfWorkspace(name: string): Promise<SiteRow> {
    const { code, id } = this.ctx.workspace
    if (['hq', code.toLowerCase(), id].includes(name.toLowerCase())) return await this.mainSite()
    throw new WaybillError('not_found', `There is no workspace "${name}"; this one is ${code}`)
  }

  /** A user by email or id, among those that the caller sees. */
  async user(name: string): Promise<UserRow> {
    return await this.once(`user ${name.toLowerCase()}`, async () => {
      const key = name.toLowerCase()
      const user = await this.ctx.store.db
        .selectFrom('user')
        .select(['user.id', 'user.code'])
        .where((eb) => eb.or([eb('user.code', '=', key), eb('user.id', '=', key)]))
        .where('user.inactive', '=', 0)
        .where(this.visible('user'))
        .executeTakeFirst()
      if (user !== undefined) return user
      throw new WaybillError('not_found', `There is no user "${name}"`)
    })
  }

  /** The machine of a user: the one named, else the one that is online or was last. */
  async clientOf(user: UserRow, host?: string): Promise<ClientRow> {
    const [client] = await this.clientsOf(user, host)
    if (client !== undefined) return client
    const which = host === undefined ? 'no client' : `no client called ${host}`
    throw new WaybillError(
      'bad_request',
      `${user.code} has ${which}: start "waybill agent" on that machine first`,
    )
  }

  /** The machines of a user, with the one first that an email means; with `host` those that are called so. */
  async clientsOf(user: UserRow, host?: string): Promise<readonly ClientRow[]> {
    return await this.once(`clients ${user.id} ${host ?? ''}`, async () => {
      let query = this.clients().where('user', '=', user.id).where('type', 'in', [0, 2])
      if (host !== undefined)
        query = query.where((eb) => eb(eb.fn<string>('lower', ['code']), '=', host.toLowerCase()))
      return await query
        .orderBy('disabled')
        .orderBy('online', 'desc')
        .orderBy((eb) => eb.fn.coalesce('last_checkin', eb.lit(0)), 'desc')
        .orderBy('id', 'desc')
        .execute()
    })
  }

  /** A client by id, among those that the caller sees. */
  async client(id: string): Promise<ClientRow> {
    return await this.once(`client ${id}`, async () => {
      const client = isEntityId(id.toLowerCase())
        ? await this.clients()
            .where('client.id', '=', id.toLowerCase())
            .where(this.visible('client'))
            .executeTakeFirst()
        : undefined
      if (client !== undefined) return client
      throw new WaybillError('not_found', `There is no client with the id "${id}"`)
    })
  }

  /** What is mapped on some machines. */
  async mappingsOn(clients: readonly ClientRow[]): Promise<readonly Mapped[]> {
    const ids = clients.map(({ id }) => id)
    return await this.once(`mappings ${ids.join(' ')}`, async () => await mappingsOn(this.ctx.store.db, ids))
  }

  async rights(): Promise<Rights> {
    return await this.once('rights', async () => await loadRights(this.ctx.store.db, this.ctx.caller))
  }

  /** The rows of a type that the caller sees. */
  private visible(type: 'user' | 'client'): Expression<SqlBool> {
    return visibleRows(type, this.ctx.caller)?.(builder) ?? builder.lit(true)
  }

  private sees(type: EntityType): boolean {
    return entities[type].visible.includes(this.ctx.caller.role)
  }

  private sites() {
    return this.ctx.store.db.selectFrom('site').select(['id', 'code', 'main', 'status'])
  }

  private clients() {
    return this.ctx.store.db.selectFrom('client').select(['id', 'code', 'type', 'user', 'site', 'os'])
  }

  private async once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.found.get(key)
    // A key is only ever looked up by the one method that makes it, with one type.
    if (known !== undefined) return (await known) as T
    const looking = look()
    this.found.set(key, looking)
    return await looking
  }
}
