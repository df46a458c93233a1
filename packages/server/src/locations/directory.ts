import { defaultVolume, isEntityId, isOperator, type ShareNotation, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import { loadRights, type Rights } from '../access/rights.js'
import type { CallContext } from '../context.js'
import type { ClientTable, CollectionFileTable, ShareTable, SiteTable } from '../store/schema.js'

export type ShareRow = Selectable<ShareTable>
export type CollectionFile = Selectable<CollectionFileTable>
export type ClientRow = Pick<Selectable<ClientTable>, 'id' | 'code' | 'type' | 'user' | 'site' | 'os'>
export type SiteRow = Pick<Selectable<SiteTable>, 'id' | 'code' | 'main' | 'status'>
export interface UserRow {
  readonly id: string
  readonly code: string
}

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

  /** The volume whose configured path an absolute path lies beneath, with the names below it. */
  async volumeAbove(path: string): Promise<{ share: ShareRow; names: string[] } | undefined> {
    const volumes = await this.once('volumes', async () => {
      const { db } = this.ctx.store
      const rows = await db
        .selectFrom('share')
        .selectAll()
        .where('kind', '=', 'volume')
        .where('inactive', '=', 0)
        .execute()
      return rows.flatMap((share) => configuredPaths(share).map((root) => ({ share, root })))
    })
    const names = segmentsOf(path)
    let best: { share: ShareRow; names: string[]; depth: number } | undefined
    for (const { share, root } of volumes) {
      const top = segmentsOf(root)
      if (!isAbove(top, names, isWindowsPath(root)) || (best !== undefined && top.length <= best.depth))
        continue
      best = { share, names: names.slice(top.length), depth: top.length }
    }
    return best
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
      throw new WaybillError(
        'bad_request',
        `Volume ${share.code} has no server at site ${site.code}: assign one first`,
      )
    })
  }

  async mainSite(): Promise<SiteRow> {
    return await this.once(
      'main site',
      async () => await this.sites().where('main', '=', 1).executeTakeFirstOrThrow(),
    )
  }

  async site(code: string): Promise<SiteRow> {
    return await this.once(`site ${code.toLowerCase()}`, async () => {
      const key = code.toLowerCase()
      const site = await this.sites()
        .where((eb) => eb.or([eb('code', '=', key), eb('id', '=', key)]))
        .executeTakeFirst()
      if (site !== undefined) return site
      throw new WaybillError('not_found', `There is no site "${code}"`)
    })
  }

  /** A user by email or id, among those that the caller sees. */
  async user(name: string): Promise<UserRow> {
    return await this.once(`user ${name.toLowerCase()}`, async () => {
      const { caller, store } = this.ctx
      const key = name.toLowerCase()
      const user = await store.db
        .selectFrom('user')
        .select(['id', 'code', 'inactive'])
        .where((eb) => eb.or([eb('code', '=', key), eb('id', '=', key)]))
        .executeTakeFirst()
      const visible = user !== undefined && (isOperator(caller.role) || user.id === caller.user)
      if (visible && user.inactive === 0) return user
      throw new WaybillError('not_found', `There is no user "${name}"`)
    })
  }

  /** The machine of a user: the one named, else the one that is online or was last. */
  async clientOf(user: UserRow, host?: string): Promise<ClientRow> {
    return await this.once(`client ${user.id} ${host ?? ''}`, async () => {
      let query = this.clients().where('user', '=', user.id).where('type', 'in', [0, 2])
      if (host !== undefined)
        query = query.where((eb) => eb(eb.fn<string>('lower', ['code']), '=', host.toLowerCase()))
      const client = await query
        .orderBy('disabled')
        .orderBy('online', 'desc')
        .orderBy('last_checkin', 'desc')
        .orderBy('id', 'desc')
        .executeTakeFirst()
      if (client !== undefined) return client
      const which = host === undefined ? 'no client' : `no client called ${host}`
      throw new WaybillError(
        'bad_request',
        `${user.code} has ${which}: start "waybill agent" on that machine first`,
      )
    })
  }

  async client(id: string): Promise<ClientRow> {
    return await this.once(`client ${id}`, async () => {
      const client = isEntityId(id.toLowerCase())
        ? await this.clients().where('id', '=', id.toLowerCase()).executeTakeFirst()
        : undefined
      const { caller } = this.ctx
      const visible = client !== undefined && (isOperator(caller.role) || client.user === caller.user)
      if (visible) return client
      throw new WaybillError('not_found', `There is no client with the id "${id}"`)
    })
  }

  async rights(): Promise<Rights> {
    return await this.once('rights', async () => await loadRights(this.ctx.store.db, this.ctx.caller))
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

function configuredPaths({ path, paths }: ShareRow): string[] {
  const perSystem: unknown = paths === null ? {} : JSON.parse(paths)
  const list: unknown[] = typeof perSystem === 'object' && perSystem !== null ? Object.values(perSystem) : []
  return [path, ...list].filter((root): root is string => typeof root === 'string' && isAbsolute(root))
}

const isWindowsPath = (path: string) => /^([a-z]:\\|\\\\)/i.test(path)
const isAbsolute = (path: string) => path.startsWith('/') || isWindowsPath(path)

function segmentsOf(path: string): string[] {
  return path.split(isWindowsPath(path) ? /[\\/]+/ : /\/+/).filter((name) => name !== '')
}

function isAbove(top: readonly string[], names: readonly string[], anyCase: boolean): boolean {
  const same = (a: string, b: string | undefined) =>
    anyCase ? a.toLowerCase() === b?.toLowerCase() : a === b
  return top.length > 0 && top.every((name, i) => same(name, names[i]))
}
