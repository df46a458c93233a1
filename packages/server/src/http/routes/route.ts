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
}

export type Answer =
  /** Under `result`. */
  | { readonly result: unknown }
  /** The whole body. */
  | { readonly body: Readonly<Record<string, unknown>> }
  /** A list under `result` that may be too long to be held. */
  | { readonly pages: AsyncIterable<readonly Json[]> }

export interface Route {
  readonly method: Method
  /** In lower case, but for ENTITY, which stands for any entity type, and `*` for any one part. */
  readonly uri: string
  readonly run: (call: Call) => Promise<Answer>
}

/** The id of a call that is nothing without one. */
export function demandId({ id, type }: Call): string {
  if (id !== undefined && id !== '') return id
  throw new WaybillError('bad_request', `Which ${type}? Its id is missing`)
}
