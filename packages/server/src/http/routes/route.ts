import { type EntityType, type Method, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Json } from '../../entities/engine/present.js'
import type { Entities } from '../../entities/registry.js'
import type { ServerDeps } from '../deps.js'
import type { Payload } from './fields.js'

/** One event, ready to be acted on. */
export interface Call {
  readonly ctx: CallContext
  readonly entities: Entities
  readonly deps: ServerDeps
  /** The entity type of an ENTITY route. */
  readonly type: EntityType
  readonly id: string | undefined
  readonly query: string | undefined
  /** The payload as it came, and by its fields (none of which it has when it is no object). */
  readonly data: unknown
  readonly fields: Payload
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal
}

export type Answer =
  /** Under `result`. What is `secret` is shown this once, and not kept for a repetition of the event. */
  | { readonly result: unknown; readonly secret?: true }
  /** The whole body. */
  | { readonly body: Readonly<Record<string, unknown>> }
  /** A list under `result` that may be too long to be held. */
  | { readonly pages: AsyncIterable<readonly Json[]> }
  /** The JSON of what stands under `result`, in pieces; for what is nested, and may be too long to be held. */
  | { readonly text: AsyncIterable<string> }

/**
 * A call as a client may send it: shown in docs/api.md, and sent by the tests that hold every route to its
 * promises. `$transfer`, `$volume`, `$user`, ... stand for the id of an entity of that type, `$ENTITY` for one
 * of the type that the uri names.
 */
export interface Example {
  readonly id?: `$${EntityType | 'ENTITY'}`
  readonly query?: string
  readonly data?: unknown
}

export interface Route {
  readonly method: Method
  /** In lower case, but for ENTITY, which stands for any entity type, and `*` for any one part. */
  readonly uri: string
  /** What it does, in a line of docs/api.md; routes with the same words are shown as one. */
  readonly about: string
  /** What it answers with, for docs/api.md. */
  readonly answer: string
  readonly example: Example
  readonly run: (call: Call) => Promise<Answer>
}

/** The id of a call that is nothing without one. */
export function demandId({ id, type }: Call): string {
  if (id !== undefined && id !== '') return id
  throw new WaybillError('bad_request', `Which ${type}? Its id is missing`)
}
