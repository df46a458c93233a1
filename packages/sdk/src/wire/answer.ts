import { type ErrorCode, isErrorCode, WaybillError } from '@waybill/api'
import type { TransportAnswer } from '../transport/transport.js'
import { fromWire, isJson, type Json } from './values.js'

/**
 * Reads an answer: the object that came, with its dates read. `message` or `exception` in it is a failure and
 * thrown as WaybillError with the server's words.
 */
export function readAnswer(answer: TransportAnswer): Json {
  let body: unknown
  try {
    body = JSON.parse(answer.text)
  } catch (cause) {
    throw new WaybillError('internal', `The server answered ${answer.status} without JSON.`, { cause })
  }
  if (!isJson(body)) throw new WaybillError('internal', 'The server did not answer with a JSON object.')
  const message = failureText(body)
  if (message !== undefined) {
    const code = isErrorCode(body.code) ? body.code : codeOfStatus(answer.status)
    throw new WaybillError(code, message, typeof body.column === 'number' ? { column: body.column } : {})
  }
  const read = fromWire(body)
  return isJson(read) ? read : {}
}

function failureText(body: Json): string | undefined {
  if (!('message' in body) && !('exception' in body)) return undefined
  const texts = [body.message_hr, body.message, body.exception]
  return texts.find((text) => typeof text === 'string' && text !== '')?.toString() ?? 'The server failed.'
}

/** For servers that give no code of their own. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'not_available',
  409: 'conflict',
  413: 'too_large',
  414: 'uri_too_long',
  429: 'rate_limited',
  503: 'agent_offline',
  504: 'timeout',
}

function codeOfStatus(status: number): ErrorCode {
  return codes[status] ?? 'internal'
}
