/** The closed list of what can go wrong, each with the HTTP status that a client sees. */
export const errorStatus = {
  bad_request: 400,
  bad_query: 400,
  unknown_attribute: 400,
  unknown_entity: 400,
  unknown_uri: 404,
  unauthenticated: 401,
  forbidden: 403,
  /** A good key, of somebody who is no member of the workspace (yet). */
  not_member: 403,
  not_found: 404,
  conflict: 409,
  duplicate: 409,
  too_large: 413,
  uri_too_long: 414,
  rate_limited: 429,
  /** Of what clients know and this server does not do yet: the call is at fault, not the server. */
  not_available: 405,
  agent_offline: 503,
  unreachable: 503,
  timeout: 504,
  internal: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

/**
 * The one error class. `message` is written for the person who made the call: what is wrong and what to do.
 * `column` (1-based) says where in a query.
 */
export class WaybillError extends Error {
  readonly code: ErrorCode
  readonly column: number | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; column?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'WaybillError'
    this.code = code
    this.column = options.column
  }

  get status(): number {
    return errorStatus[this.code]
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorStatus, value)
}

/** Makes one of ours out of whatever was thrown; done once, at the boundary. */
export function toWaybillError(thrown: unknown): WaybillError {
  if (thrown instanceof WaybillError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new WaybillError('internal', message, { cause: thrown })
}
