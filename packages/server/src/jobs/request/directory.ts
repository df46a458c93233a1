import { isEntityId, isOperator, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import { type Access, loadRights, may, type Rights } from '../../access/rights.js'
import type { CallContext } from '../../context.js'
import type { ClientTable, ShareTable, SiteTable } from '../../store/schema.js'

export type ShareRow = Selectable<ShareTable>
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

  /** A volume by code or id, or the default one; `not_found` where the caller has none such. */
  async volume(code: string): Promise<ShareRow> {
    return await this.once(`volume ${code.toLowerCase()}`, async () => {
      const shares = this.ctx.store.db.selectFrom('share').selectAll().where('inactive', '=', 0)
      const query =
        code === '(default)'
          ? shares.where('is_default', '=', 1)
          : shares.where((eb) =>
              eb.or([eb('code', '=', code.toLowerCase()), eb('id', '=', code.toLowerCase())]),
            )
      const share = await query.executeTakeFirst()
      if (share === undefined) throw new WaybillError('not_found', `There is no share "${code}"`)
      if (share.kind !== 'volume') {
        throw new WaybillError('not_available', `Transfers from and to a ${share.kind} are not available yet`)
      }
      return share
    })
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

  async demandAccess(share: ShareRow, path: string, access: Access): Promise<void> {
    const rights = await this.once('rights', async (): Promise<Rights> => {
      return await loadRights(this.ctx.store.db, this.ctx.caller)
    })
    if (may(rights, share, path, access)) return
    // Whoever may not even read it is not told that it is there.
    if (access === 'write' && may(rights, share, path, 'read')) {
      throw new WaybillError('forbidden', `You may read, but not write ${share.code}/${path}`)
    }
    throw new WaybillError('not_found', `There is no share "${share.code}" that you may ${access}`)
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
