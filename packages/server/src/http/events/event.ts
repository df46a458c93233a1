import type { Readable } from 'node:stream'
import { type Envelope, envelope, type Method, WaybillError } from '@waybill/api'
import * as v from 'valibot'
import type { Authenticated } from '../../access/authenticate.js'
import type { CallContext } from '../../context.js'
import type { Json } from '../../entities/engine/present.js'
import { createEntities, type Entities } from '../../entities/registry.js'
import type { ServerDeps } from '../deps.js'
import { failureOf } from '../failure.js'
import { defaultLimits } from '../limits/limits.js'
import { Payload } from '../routes/fields.js'
import type { Call } from '../routes/route.js'
import { type Match, matchRoute } from '../routes/table.js'
import { InFlight } from './in-flight.js'
import { Once, printOf, type Reply } from './once.js'
import { readPayload } from './payload.js'
import { serializePages, serializeText } from './stream.js'

/** Logs a fault of ours. */
export type LogFault = (error: unknown, what: string) => void

export interface EventAnswer {
  readonly status: number
  readonly uri: string
  readonly id: string | undefined
  /** JSON text, whole or in pieces. */
  readonly json: string | Readable
}

/** Acts on events: finds the operation that the method and the uri choose, and answers with what it made. */
export class Events {
  readonly #deps: ServerDeps
  readonly #entities: Entities
  readonly #once: Once
  readonly #inFlight = new InFlight()
  readonly #logFault: LogFault

  constructor(deps: ServerDeps, logFault: LogFault) {
    this.#deps = deps
    this.#entities = createEntities(deps)
    this.#once = new Once(deps.clock)
    this.#logFault = logFault
  }

  /**
   * Throws a WaybillError for what is no event; an event that fails is answered. `gone` tells when nobody waits
   * for the answer any more: looking may stop then, changes are made all the same.
   */
  async handle(
    method: Method,
    json: unknown,
    who: Authenticated,
    gone: AbortSignal = new AbortController().signal,
  ): Promise<EventAnswer> {
    const event = readEnvelope(json)
    demandAgreement(event, who)
    return await this.#inFlight.run(who.caller.user, async () => {
      const match = matchRoute(method, event.uri)
      const what = { uri: event.uri, id: event.id ?? undefined }
      if (method === 'GET') return { ...what, status: 200, json: await this.#read(match, event, who, gone) }
      const { status, body } = await this.#change(method, match, event, who, gone)
      return { ...what, status, json: JSON.stringify(body) }
    })
  }

  async #read(
    { route, type }: Match,
    event: Envelope,
    who: Authenticated,
    gone: AbortSignal,
  ): Promise<string | Readable> {
    const answer = await route.run(await this.#call(type, event, who, gone))
    if ('text' in answer) return await serializeText(answer.text)
    if ('pages' in answer) return await serializePages(answer.pages)
    return JSON.stringify('body' in answer ? answer.body : { result: answer.result ?? null })
  }

  /** Changes are made once per `eid`; a failure is an answer like any other. */
  async #change(
    method: Method,
    match: Match,
    event: Envelope,
    who: Authenticated,
    gone: AbortSignal,
  ): Promise<Reply> {
    const work = async (): Promise<Reply> => await this.#act(match, event, who, gone)
    const { eid } = event
    if (eid === undefined || eid === null || eid === '') return await work()
    const print = printOf(method, event.uri.toLowerCase(), event.id, event.query, event.data, event.gz_data)
    const store = this.#deps.store.workspace(who.workspace.id)
    return await this.#once.run(store, { ident: who.caller.email, eid, print }, work)
  }

  async #act({ route, type }: Match, event: Envelope, who: Authenticated, gone: AbortSignal): Promise<Reply> {
    try {
      const answer = await route.run(await this.#call(type, event, who, gone))
      if ('text' in answer) throw new Error(`${event.uri} changes things and cannot answer in pieces`)
      if ('pages' in answer) return { status: 200, body: { result: await allOf(answer.pages) } }
      if ('body' in answer) return { status: 200, body: answer.body }
      const body = { result: answer.result ?? null }
      return { status: 200, body, ...(answer.secret === true ? { secret: true } : {}) }
    } catch (error) {
      const failure = failureOf(error, who.caller.role === 'admin')
      if (failure.internal) this.#logFault(error, event.uri)
      return { status: failure.status, body: failure.body }
    }
  }

  async #call(type: Call['type'], event: Envelope, who: Authenticated, gone: AbortSignal): Promise<Call> {
    const { store, clock } = this.#deps
    const { workspace, caller, device, address } = who
    const ctx: CallContext = {
      workspace,
      caller,
      device,
      address,
      store: store.workspace(workspace.id),
      now: clock.now(),
    }
    const data = await readPayload(event, this.#deps.limits?.maxUnzipped ?? defaultLimits.maxUnzipped)
    return {
      ctx,
      entities: this.#entities,
      deps: this.#deps,
      type,
      id: event.id ?? undefined,
      query: event.query ?? undefined,
      data,
      fields: new Payload(data),
      gone,
    }
  }
}

/** Of changes, which answer with no more than what they were asked to change. */
async function allOf(pages: AsyncIterable<readonly Json[]>): Promise<readonly Json[]> {
  const all: Json[] = []
  for await (const page of pages) all.push(...page)
  return all
}

function readEnvelope(json: unknown): Envelope {
  if (json === undefined) throw new WaybillError('bad_request', 'The event is missing: JSON was expected')
  const parsed = v.safeParse(envelope, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = v.getDotPath(issue)
  throw new WaybillError(
    'bad_request',
    `This is no event: ${path === null ? '' : `${path}: `}${issue.message}`,
  )
}

/** The envelope says again who calls, and must not say anybody else. */
function demandAgreement({ workspace, ident, session }: Envelope, who: Authenticated): void {
  if (differs(workspace, who.workspace.code)) {
    throw new WaybillError('unauthenticated', 'The workspace of the event is not that of the headers')
  }
  if (differs(ident, who.caller.email)) {
    throw new WaybillError('unauthenticated', 'The ident of the event is not the user of the headers')
  }
  if (typeof session === 'string' && session !== '' && session !== who.session) {
    throw new WaybillError(
      'unauthenticated',
      'The session of the event is not that of this API key; log in again',
    )
  }
}

function differs(said: string | null | undefined, is: string): boolean {
  return typeof said === 'string' && said.trim().toLowerCase() !== is.toLowerCase()
}
