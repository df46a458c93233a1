import {
  allows,
  fullScope,
  isVisible,
  type PathNotation,
  parsePath,
  type Scope,
  toWaybillError,
  unfitForWindows,
  WaybillError,
} from '@waybill/api'
import { scopeOf } from '../access/rights.js'
import type { CallContext } from '../context.js'
import { Directory, type ShareRow, type SiteRow } from '../locations/directory.js'
import {
  type CollectionPlace,
  findPlace,
  isCollection,
  isOnStorage,
  type SharePlace,
  scopeAround,
} from '../locations/share-place.js'
import type { AskedPath } from './request.js'

/** A place that an agent is asked about. */
export interface FilePlace {
  /** How it was written; for the words of errors. */
  readonly text: string
  readonly client: { readonly id: string; readonly code: string }
  /** The volume's directory on the agent's machine; null for the machine's own paths. */
  readonly root: string | null
  /** Beneath `root`, or absolute. */
  readonly path: string
  /** The caller's rights, and the names that they know this place by. */
  readonly scope: Scope
  readonly names: readonly string[]
  /** Absent for a machine's own paths. */
  readonly share?: SharePlace
}

/** A collection as a whole, at a site. */
export interface CollectionFiles {
  readonly text: string
  readonly collection: ShareRow
  readonly scope: Scope
  readonly site: SiteRow
}

/** What the caller wants to do there; `change` is to write, with all that lies beneath. */
export type Sought = 'see' | 'write' | 'change'

/** Finds out where paths lead, for one call, and what the caller may do there. */
export class FilePlaces {
  readonly directory: Directory
  /** By volume and site: a call may name very many paths. */
  readonly #servers = new Map<string, Promise<Server>>()

  constructor(readonly ctx: CallContext) {
    this.directory = new Directory(ctx)
  }

  /**
   * A place that the caller may see (which reading it, or a place beneath it, gives), or write.
   * Throws in the same words for what is not there and what is not the caller's.
   */
  async find(asked: AskedPath, sought: Sought): Promise<FilePlace | CollectionFiles> {
    const { party, path } = parsePath(asked.text, { workspace: this.ctx.workspace.code })
    if (path === undefined) {
      throw new WaybillError('bad_request', `${asked.text} names no path; add one behind a colon`)
    }
    switch (party?.kind) {
      case undefined:
        if (await isOnStorage(this.directory, path)) {
          return await this.#onStorage(asked, path, sought, await this.directory.mainSite())
        }
        return await this.#onOwnClient(asked, path, sought)
      case 'workspace':
        return await this.#onStorage(asked, path, sought, await this.directory.mainSite())
      case 'site':
        return await this.#onStorage(asked, path, sought, await this.directory.site(party.site))
      case 'user': {
        const user = await this.directory.user(party.user)
        if (user.id !== this.ctx.caller.user) throw notYours(user.code)
        return await this.#onOwnClient(asked, path, sought, party.host)
      }
      case 'client': {
        const client = await this.directory.client(party.client)
        if (client.user !== this.ctx.caller.user || client.type === 1) throw notYours('its owner')
        return ownPlace(asked, path, sought, client)
      }
    }
  }

  /** Whether a path leads nowhere, and the caller may know: a name that a collection has not. */
  async isAbsent({ text }: AskedPath): Promise<boolean> {
    const { path } = parsePath(text, { workspace: this.ctx.workspace.code })
    if (path?.kind !== 'share') return false
    const share = await this.directory.share(path.share, path.code)
    if (share?.kind !== 'collection') return false
    return allows(scopeOf(await this.directory.rights(), share.id), path.names, 'read')
  }

  /** A place of a share as the agent at a site is asked about it. */
  async at(place: SharePlace, site: SiteRow, text: string): Promise<FilePlace> {
    const { share, volume, below } = place
    for (const row of [share, volume]) demandEnabled(row)
    const { id, code, os, path: root } = await this.#serverOf(volume, site)
    const reserved = os === 'windows' ? unfitForWindows({ ...relative, names: below }) : undefined
    if (reserved !== undefined) throw new WaybillError('bad_request', `${text}: ${reserved}`)
    const { scope, names } = await scopeAround(this.directory, place)
    return {
      text,
      client: { id, code },
      root,
      path: below.join('/'),
      scope,
      names,
      share: place,
    }
  }

  async #onStorage(
    asked: AskedPath,
    path: PathNotation,
    sought: Sought,
    site: SiteRow,
  ): Promise<FilePlace | CollectionFiles> {
    const found = await this.#within(asked, path, sought)
    if (site.status === 'disabled') throw new WaybillError('forbidden', `Site ${site.code} is disabled`)
    if (!isCollection(found)) return await this.at(found, site, asked.text)
    const { collection } = found
    demandEnabled(collection)
    const { scope } = await scopeAround(this.directory, {
      share: collection,
      names: [],
      volume: collection,
      below: [],
    })
    return { text: asked.text, collection, scope, site }
  }

  async #within(
    { text }: AskedPath,
    path: PathNotation,
    sought: Sought,
  ): Promise<SharePlace | CollectionPlace> {
    const access = sought === 'see' ? 'see' : 'write'
    const whole = sought === 'change'
    const found = await findPlace(this.directory, path, access, { whole }).catch((thrown: unknown) => {
      throw toWaybillError(thrown).code === 'not_found' ? noSuchFile(text, sought) : thrown
    })
    if (sought !== 'see' || isCollection(found)) return found
    const { scope, names } = await scopeAround(this.directory, found)
    if (isVisible(scope, names)) return found
    // What may be written but not read is no secret to the caller, yet is not shown.
    throw new WaybillError('forbidden', `You may not read ${text}`)
  }

  async #onOwnClient(
    asked: AskedPath,
    path: PathNotation,
    sought: Sought,
    host?: string,
  ): Promise<FilePlace> {
    const { user: id, email: code } = this.ctx.caller
    return ownPlace(asked, path, sought, await this.directory.clientOf({ id, code }, host))
  }

  #serverOf(volume: ShareRow, site: SiteRow): Promise<Server> {
    const key = `${volume.id} ${site.id}`
    const server = this.#servers.get(key) ?? findServer(this.ctx, volume, site)
    this.#servers.set(key, server)
    return server
  }
}

interface Server {
  readonly id: string
  readonly code: string
  readonly os: string
  /** The volume's directory on its machine. */
  readonly path: string
}

async function findServer({ store }: CallContext, volume: ShareRow, site: SiteRow): Promise<Server> {
  const server = await store.db
    .selectFrom('share_server')
    .innerJoin('client', 'client.id', 'share_server.client')
    .select(['client.id', 'client.code', 'client.os', 'client.disabled', 'share_server.path'])
    .where('share_server.share', '=', volume.id)
    .where('share_server.site', '=', site.id)
    .executeTakeFirst()
  if (server === undefined) {
    const words = `Volume ${volume.code} has no server at site ${site.code}: assign one first`
    throw new WaybillError('agent_offline', words)
  }
  if (server.disabled === 0) return server
  const words = `Server ${server.code}, which serves volume ${volume.code}, is disabled`
  throw new WaybillError('agent_offline', words)
}

export function isFiles(place: FilePlace | CollectionFiles): place is CollectionFiles {
  return 'collection' in place
}

/** The same words whether something is absent or hidden. */
export function noSuchFile(text: string, sought: Sought): WaybillError {
  const may = sought === 'see' ? 'see' : 'write'
  return new WaybillError('not_found', `There is no "${text}" that you may ${may}`)
}

const relative = { kind: 'relative', directory: false } as const

function demandEnabled({ kind, code, status }: ShareRow): void {
  if (status === 'enabled') return
  const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
  throw new WaybillError('forbidden', `${name} ${code} is disabled`)
}

function notYours(owner: string): WaybillError {
  return new WaybillError('forbidden', `Only ${owner} may name paths on that machine`)
}

function ownPlace(
  { text }: AskedPath,
  path: PathNotation,
  sought: Sought,
  client: { readonly id: string; readonly code: string },
): FilePlace {
  if (sought !== 'see') {
    throw new WaybillError(
      'forbidden',
      `${text} is on a machine of yours, where nothing is changed from here`,
    )
  }
  if (path.kind !== 'absolute') {
    throw new WaybillError(
      'bad_request',
      `${text} has to name an absolute path on the machine ${client.code}`,
    )
  }
  const absolute = path.root + path.names.join(path.root === '/' ? '/' : '\\')
  return { text, client, root: null, path: absolute, scope: fullScope, names: [] }
}
