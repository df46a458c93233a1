import { formatDate, type Method, newUuid, WaybillError } from '@waybill/api'
import { createTransport, machine } from '#transport'
import type { Transport } from '../transport/transport.js'
import { readAnswer } from './answer.js'
import { gzipAbove, gzipBase64, textToBase64 } from './gzip.js'
import { isJson, type Json, toWire } from './values.js'

interface SessionPlace {
  /** `https://host:port`; a host without scheme means https. */
  readonly server: string
  readonly workspace: string
  /** Email of the user. */
  readonly user: string
  /** SHA-256 of the server's certificate; without it any certificate is accepted (Node only). */
  readonly fingerprint?: string
  /** Name of the program, for the audit log. */
  readonly device?: string
  /** Longest silence before a call is given up, milliseconds; 60 s when absent. */
  readonly timeoutMs?: number
}

/** Whoever calls shows an API key, or the token of a web session. */
export type SessionOptions = SessionPlace &
  (
    | { readonly apiKey: string; readonly token?: undefined }
    | { readonly token: string; readonly apiKey?: undefined }
  )

export interface EventFields {
  readonly id?: string
  readonly query?: string
  readonly data?: unknown
}

export interface Login {
  readonly id: string
  readonly role: string
  readonly session: string
}

/** Speaks the wire protocol: headers, login, envelopes, errors. Knows nothing of entities. */
export class Connection {
  readonly server: string
  readonly #options: SessionOptions
  readonly #transport: Transport
  #login: Promise<Login> | undefined

  constructor(options: SessionOptions, transport?: Transport) {
    const { fingerprint, timeoutMs = 60_000 } = options
    this.#options = options
    this.server = serverUrl(options.server)
    this.#transport =
      transport ?? createTransport({ timeoutMs, ...(fingerprint === undefined ? {} : { fingerprint }) })
  }

  /** Logs in once; a failed attempt may be repeated. */
  login(): Promise<Login> {
    this.#login ??= this.#logIn().catch((thrown: unknown) => {
      this.#login = undefined
      throw thrown
    })
    return this.#login
  }

  /** Sends one event and answers with the whole object that came. */
  async event(method: Method, uri: string, fields: EventFields = {}): Promise<Json> {
    const { session } = await this.login()
    const { id, query, data } = fields
    const envelope = {
      audience: 'api',
      workspace: this.#options.workspace,
      ident: this.#options.user,
      session,
      eid: newUuid(),
      uri,
      ...(id === undefined ? {} : { id }),
      ...(query === undefined ? {} : { query }),
      ...(await payload(data)),
      created: formatDate(Date.now()),
      hostname: machine.hostname,
    }
    return this.#exchange(method, '/api/v3/event', envelope)
  }

  close(): void {
    this.#transport.close()
  }

  async #logIn(): Promise<Login> {
    const { result } = await this.#exchange('PUT', '/api/v3/api/login', {})
    if (!isJson(result)) throw new WaybillError('internal', 'The server answered the login without a result.')
    const { id, role, session_id: session } = result
    if (typeof id !== 'string' || typeof role !== 'string' || typeof session !== 'string')
      throw new WaybillError('internal', 'The server answered the login without id, role or session.')
    return { id, role, session }
  }

  async #exchange(method: Method, path: string, json: Json): Promise<Json> {
    const text = JSON.stringify(json)
    const inUrl = method === 'GET' || method === 'DELETE'
    const request = {
      method,
      url: this.server + path + (inUrl ? `?${encodeURIComponent(text)}` : ''),
      headers: this.#headers(),
      ...(inUrl ? {} : { body: text }),
    }
    const answer = await this.#transport.send(request).catch((thrown: unknown) => {
      if (!(thrown instanceof WaybillError) || thrown.code !== 'unreachable') throw thrown
      // A kept connection may have been closed meanwhile. The event id is the same, so that it acts once
      // even when the first try had arrived.
      return this.#transport.send(request)
    })
    return readAnswer(answer)
  }

  #headers(): Record<string, string> {
    const { user, apiKey, token, workspace, device = 'waybill-sdk' } = this.#options
    return {
      Authorization:
        token === undefined ? `basic ${textToBase64(user)}:${textToBase64(apiKey)}` : `Bearer ${token}`,
      'X-Accsyn-Workspace': workspace,
      'X-Accsyn-Device': `${device} ${machine.platform} ${machine.hostname}`.replace(/[^\x20-\x7e]/g, '?'),
    }
  }
}

async function payload(data: unknown): Promise<Json> {
  if (data === undefined) return {}
  const wire = toWire(data)
  const text = JSON.stringify(wire)
  return text.length > gzipAbove ? { gz_data: await gzipBase64(text) } : { data: wire }
}

/** The address without a path. Throws `bad_request` when it is none. */
export function serverUrl(server: string): string {
  const text = /^[a-z]+:\/\//i.test(server) ? server : `https://${server}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new WaybillError('bad_request', `The server is an address like https://host:8443; got: ${server}`)
  return url.origin
}
