import { WaybillError } from '@waybill/api'
import { present } from './options.js'
import type { Connection } from './wire/connection.js'
import { isJson } from './wire/values.js'

/** An API key, without the key. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  /** Addresses and networks that it works from; everywhere when there are none. */
  readonly addresses: readonly string[]
  readonly created: Date
  readonly expires: Date | null
  readonly revoked: Date | null
  readonly last_used: Date | null
  /** Made by an admin, for this workspace alone. */
  readonly workspace_only: boolean
}

export interface KeyWish {
  readonly name?: string
  readonly expires?: Date
  readonly addresses?: readonly string[]
  /** Id or email of a user, for admins; oneself when absent. */
  readonly user?: string
}

export interface WebSession {
  readonly id: string
  readonly device: string
  readonly address: string
  readonly created: Date
  readonly expires: Date
  readonly last_used: Date
  /** The one that asks. */
  readonly current: boolean
}

/** One's own account: API keys, the password for the web, and where it is logged in; and invitations of users. */
export class Account {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Makes a key. It is shown this once. */
  async createKey(wish: KeyWish = {}): Promise<{ readonly id: string; readonly key: string }> {
    const data = present({ ...wish })
    const { result } = await this.#connection.event('POST', 'key/create', { data })
    if (isJson(result) && typeof result.key === 'string' && typeof result.id === 'string') {
      return { id: result.id, key: result.key }
    }
    throw new WaybillError('internal', 'The server answered without a key.')
  }

  /** One's own keys, or, for admins, those that were made here for `user`. */
  async keys(user?: string): Promise<readonly ApiKey[]> {
    // As the protocol promises them, here and below; see the same in session.ts.
    return list(
      await this.#connection.event('GET', 'key/find', { data: present({ user }) }),
    ) as readonly ApiKey[]
  }

  async revokeKey(id: string): Promise<void> {
    await this.#connection.event('DELETE', 'key/delete', { id, data: {} })
  }

  /** Sets the password for the web; `current` is needed where there is one. Ends the other web sessions. */
  async setPassword(password: string, current?: string): Promise<void> {
    await this.#connection.event('PUT', 'account/password', { data: present({ password, current }) })
  }

  async removePassword(current: string): Promise<void> {
    await this.#connection.event('DELETE', 'account/password', { data: { current } })
  }

  async sessions(): Promise<readonly WebSession[]> {
    return list(await this.#connection.event('GET', 'session/find', { data: {} })) as readonly WebSession[]
  }

  /** Ends a web session; without an id the one that asks. */
  async logout(id?: string): Promise<void> {
    await this.#connection.event('DELETE', 'session/delete', {
      ...(id === undefined ? {} : { id }),
      data: {},
    })
  }

  /** A new link for a user, to be handed on: what stands after the address of the server. */
  async invitation(user: string): Promise<string> {
    const { result } = await this.#connection.event('POST', 'user/invitation', { id: user, data: {} })
    if (isJson(result) && typeof result.path === 'string') return result.path
    throw new WaybillError('internal', 'The server answered without an invitation.')
  }

  /** Mails a user a new invitation. */
  async mailInvitation(user: string, message = ''): Promise<void> {
    await this.#connection.event('POST', 'user/invitation', { id: user, data: { mail: true, message } })
  }
}

function list({ result }: { readonly result?: unknown }): readonly unknown[] {
  if (Array.isArray(result) && result.every((item) => isJson(item))) return result
  throw new WaybillError('internal', 'The server did not answer with a list.')
}
