import { isEntityId, WaybillError } from '@waybill/api'
import type { Acl, Assignment, CollectionFile, Share } from './entities/index.js'
import { present } from './options.js'
import type { Session } from './session.js'
import type { Connection } from './wire/connection.js'

export interface Grant {
  readonly read?: boolean
  readonly write?: boolean
  /** Beneath the share; all of it when absent. */
  readonly path?: string
  readonly notify?: boolean
  readonly message?: string
  /** False refuses an unknown email instead of inviting it. */
  readonly invite?: boolean
}

const kinds = ['volume', 'folder', 'home', 'collection'] as const

/** Who may do what with volumes, folders, homes and collections. */
export class Shares {
  readonly #connection: Connection
  readonly #session: Session

  constructor(connection: Connection, session: Session) {
    this.#connection = connection
    this.#session = session
  }

  /** Looks a share of any kind up by id or code; null when there is none. */
  async find(idOrCode: string): Promise<Share | null> {
    for (const kind of kinds) {
      const share: Share | null = isEntityId(idOrCode)
        ? await this.#session.getEntity(kind, idOrCode)
        : await this.#session.findOne(`${kind} WHERE code=${quote(idOrCode)}`)
      if (share !== null) return share
    }
    return null
  }

  /** Gives a user, by id or email, rights on a share. Null when it extended the grant that was there. */
  async grant(user: string, share: string, grant: Grant): Promise<Acl | null> {
    const { read = false, write = false, path = '/', ...rest } = grant
    const { result } = await this.#connection.event('POST', 'acl/create', {
      data: present({
        entity: `user:${user}`,
        target: `share:${share}`,
        read,
        write,
        path,
        ...rest,
      }),
    })
    const made: unknown = Array.isArray(result) ? result[0] : undefined
    // `true` stands where a path was added to a grant; an entity is as the protocol promises it.
    return typeof made === 'object' && made !== null ? (made as Acl) : null
  }

  /** Takes a grant back: all of it, or one path of it. */
  async revoke(acl: string, options: { readonly path?: string } = {}): Promise<true> {
    await this.#connection.event('DELETE', 'acl/delete', { id: acl, data: present({ ...options }) })
    return true
  }

  /** Grants, by a query like `Acl WHERE target=share:...`; `recursive` takes what lies beneath the target along. */
  access(query = 'acl', options: { readonly recursive?: boolean } = {}): Promise<Acl[]> {
    return this.#connection
      .event('GET', 'acl/find', { query, data: present({ ...options }) })
      .then(({ result }) => (Array.isArray(result) ? (result as Acl[]) : []))
  }

  /** What is in a collection, by its id. */
  files(collection: string): Promise<CollectionFile[]> {
    return this.#session.find('file', { entityId: collection })
  }

  /** Puts paths into a collection, in any notation of storage; answers with what is in it then. */
  async addFiles(collection: string, files: readonly string[]): Promise<CollectionFile[]> {
    const { result } = await this.#connection.event('POST', 'file/add', { id: collection, data: { files } })
    return Array.isArray(result) ? (result as CollectionFile[]) : []
  }

  /** Takes files out of a collection, by their ids; on the storage they stay. */
  async removeFiles(collection: string, files: readonly string[]): Promise<true> {
    await this.#connection.event('DELETE', 'collection/file/remove', { id: collection, data: { files } })
    return true
  }

  /** Has a server serve a volume at the server's site; the server by its id or host name. */
  async assign(volume: string, server: string): Promise<true> {
    await this.#connection.event('PUT', 'share/server', { id: volume, data: { client: server } })
    return true
  }

  /** Has a server serve a volume no longer. */
  async deassign(volume: string, server: string): Promise<true> {
    await this.#connection.event('DELETE', 'volume/server', { id: volume, data: { client: server } })
    return true
  }

  /** The servers of a volume, the main site's too. */
  async servers(volume: string): Promise<Assignment[]> {
    const { result } = await this.#connection.event('GET', 'volume/servers', { id: volume, data: {} })
    return Array.isArray(result) ? (result as Assignment[]) : []
  }
}

/** A value for a query. Throws `bad_query` when it has quotes of both kinds, which no query can hold. */
export function quote(value: string): string {
  if (!value.includes('"')) return `"${value}"`
  if (!value.includes("'")) return `'${value}'`
  throw new WaybillError('bad_query', 'A value in a query cannot have quotes of both kinds; use the id.')
}
