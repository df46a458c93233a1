import { randomUUID } from 'node:crypto'
import { type IncomingHttpHeaders, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { gzipSync } from 'node:zlib'

/**
 * A client written from the description of the wire alone, sharing nothing with the SDK: what it can do, a
 * stranger's client can.
 */

export type Json = Record<string, unknown>
export interface Entity extends Json {
  readonly id: string
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface WireAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The answer's JSON object; every answer is one. */
  readonly body: Json
}

export interface WireAccess {
  /** `https://HOST:PORT` or `http://HOST:PORT`. */
  readonly url: string
  readonly workspace: string
  readonly user: string
  readonly apiKey: string
}

/** What an event carries besides what every event does. */
export interface EventFields {
  readonly id?: string
  readonly query?: string
  readonly data?: unknown
  readonly eid?: string
  /** Sends `data` as `gz_data`. */
  readonly gzip?: boolean
}

/** The server said no; `message` is what the user of the client would see. */
export class WireFailure extends Error {
  readonly answer: WireAnswer

  constructor(answer: WireAnswer) {
    const { message_hr, message, exception } = answer.body
    const words = [message_hr, message, exception].find((text) => typeof text === 'string')
    super(typeof words === 'string' ? words : `HTTP ${answer.status}: ${answer.text.slice(0, 500)}`)
    this.name = 'WireFailure'
    this.answer = answer
  }
}

export class WireClient {
  readonly access: WireAccess
  #session: string | undefined

  constructor(access: WireAccess) {
    this.access = access
  }

  /** One HTTP call on a connection of its own. `json` goes into the URL or the body, as the method wants. */
  async call(
    method: Method,
    path: string,
    json: unknown,
    headers?: Record<string, string>,
  ): Promise<WireAnswer> {
    const text = json === undefined ? undefined : JSON.stringify(json)
    const inUrl = method === 'GET' || method === 'DELETE'
    const query = inUrl && text !== undefined ? `?${encodeURIComponent(text)}` : ''
    const answer = await exchange(this.access.url + path + query, {
      method,
      headers: { ...this.headers(), ...headers },
      body: inUrl ? undefined : text,
    })
    return answer
  }

  headers(): Record<string, string> {
    const part = (text: string): string => Buffer.from(text).toString('base64')
    return {
      Authorization: `basic ${part(this.access.user)}:${part(this.access.apiKey)}`,
      'X-Accsyn-Workspace': this.access.workspace,
      'X-Accsyn-Device': 'PythonAPI test client',
    }
  }

  async login(): Promise<Json> {
    const answer = await this.call('PUT', '/api/v3/api/login', {})
    const result = resultOf(answer)
    if (!isJson(result) || typeof result.session_id !== 'string') throw new WireFailure(answer)
    this.#session = result.session_id
    return result
  }

  /** Sends one event and gives back whatever came. */
  async event(method: Method, uri: string, fields: EventFields = {}): Promise<WireAnswer> {
    if (this.#session === undefined) await this.login()
    const { id, query, data, eid = randomUUID(), gzip = false } = fields
    return this.call(method, '/api/v3/event', {
      audience: 'api',
      workspace: this.access.workspace,
      ident: this.access.user,
      session: this.#session,
      eid,
      uri,
      ...(id === undefined ? {} : { id }),
      ...(query === undefined ? {} : { query }),
      ...(gzip
        ? { gz_data: gzipSync(JSON.stringify(data)).toString('base64') }
        : data === undefined
          ? {}
          : { data }),
      created: new Date().toISOString().slice(0, 19),
      hostname: 'testhost',
    })
  }

  async result(method: Method, uri: string, fields?: EventFields): Promise<unknown> {
    return resultOf(await this.event(method, uri, fields))
  }

  /** `find` as scripts write it: `query` is the expression after WHERE, lower-cased as clients do. */
  async find(type: string, query?: string, data: Json = {}): Promise<Entity[]> {
    const fields = query === undefined ? { data } : { query: query.toLowerCase(), data }
    return entities(await this.result('GET', `${type}/find`, fields))
  }

  /** An entity by id, whatever its state; undefined when there is none that the caller may see. */
  async get(type: string, id: string): Promise<Entity | undefined> {
    return entities(await this.result('GET', `${type}/find`, { id, data: {} }))[0]
  }

  async tasks(job: string, query?: string): Promise<Entity[]> {
    return this.find('task', query, { parent: job })
  }

  async create(type: string, data: Json): Promise<Entity> {
    return only(entities(await this.result('POST', `${type}/create`, { data })))
  }

  /** Adds tasks to a job; what comes back depends on the form, see the description of the wire. */
  async addTasks(job: string, data: Json): Promise<WireAnswer> {
    const answer = await this.event('POST', 'task/create', { id: job, data })
    if (answer.status >= 400 || 'message' in answer.body) throw new WireFailure(answer)
    return answer
  }

  async edit(type: string, id: string, data: Json): Promise<Entity> {
    return only(entities(await this.result('PUT', `${type}/edit`, { id, data })))
  }

  async editTasks(job: string, items: readonly Json[]): Promise<Entity[]> {
    return entities(await this.result('PUT', 'task/edit', { id: job, data: items }))
  }

  async remove(type: string, id: string): Promise<unknown> {
    return this.result('DELETE', `${type}/delete`, { id })
  }

  /** The log of a job, as text. */
  async log(job: string): Promise<string> {
    const answer = await this.event('GET', 'transfer/report', { id: job, data: {} })
    const { report, result } = answer.body
    if (typeof report === 'string') return report
    if (isJson(result) && typeof result.report === 'string') return result.report
    throw new WireFailure(answer)
  }
}

export function resultOf(answer: WireAnswer): unknown {
  const { body } = answer
  if ('message' in body || 'exception' in body || !('result' in body)) throw new WireFailure(answer)
  return body.result
}

export function entities(result: unknown): Entity[] {
  if (!Array.isArray(result)) throw new Error(`A list was expected: ${JSON.stringify(result)}`)
  return result.map((item: unknown) => {
    if (!isJson(item) || typeof item.id !== 'string') throw new Error(`No entity: ${JSON.stringify(item)}`)
    return { ...item, id: item.id }
  })
}

export function only<T>(list: readonly T[]): T {
  const [first] = list
  if (first === undefined || list.length > 1) throw new Error(`One was expected: ${JSON.stringify(list)}`)
  return first
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Exchange {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

function exchange(url: string, { method, headers, body }: Exchange): Promise<WireAnswer> {
  const secure = url.startsWith('https:')
  const request = secure ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: false,
      headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }) },
      ...(secure ? { rejectUnauthorized: false } : {}),
      timeout: 30_000,
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error(`No answer from ${url.slice(0, 200)}`)))
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.once('error', reject)
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const status = incoming.statusCode ?? 0
        let json: unknown
        try {
          json = JSON.parse(text)
        } catch {
          reject(new Error(`HTTP ${status} without JSON: ${text.slice(0, 500)}`))
          return
        }
        if (!isJson(json)) reject(new Error(`HTTP ${status} without an object: ${text.slice(0, 500)}`))
        else resolve({ status, headers: incoming.headers, text, body: json })
      })
    })
    outgoing.end(body)
  })
}
