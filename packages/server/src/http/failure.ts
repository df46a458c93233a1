import { isErrorCode, toWaybillError, WaybillError } from '@waybill/api'

export interface Failure {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** A fault of ours, to be logged. */
  readonly internal: boolean
}

/**
 * What a client sees of something that was thrown: `message` for whoever made the call, our `code`, and the
 * `column` in a query. Internal faults say nothing of themselves, but to admins under `exception`.
 */
export function failureOf(thrown: unknown, isAdmin: boolean): Failure {
  const error = toWaybillError(fromFramework(thrown))
  const { code, status, message, column } = error
  if (code !== 'internal') {
    const where = column === undefined ? {} : { column }
    return { status, body: { message, code, ...where }, internal: false }
  }
  const exception = isAdmin ? { exception: message } : {}
  return {
    status,
    body: { message: 'Internal error; the log of the server has more', code, ...exception },
    internal: true,
  }
}

/** Errors that the HTTP framework makes itself, as ours. */
function fromFramework(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof WaybillError) return thrown
  const status = 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500
  if (status === 413) {
    return new WaybillError('too_large', 'The body is too large; larger jobs grow by adding tasks to them', {
      cause: thrown,
    })
  }
  if (status === 414) return new WaybillError('uri_too_long', 'The URL is too long', { cause: thrown })
  if (status >= 400 && status < 500) return new WaybillError('bad_request', thrown.message, { cause: thrown })
  return thrown
}

/** Whether an answer means that nothing was done, so that the same event may be tried again. */
export function isTransient({ body }: { readonly body: Readonly<Record<string, unknown>> }): boolean {
  const { code } = body
  return isErrorCode(code) && transient.has(code)
}

const transient: ReadonlySet<string> = new Set(['rate_limited', 'agent_offline', 'unreachable', 'timeout'])
