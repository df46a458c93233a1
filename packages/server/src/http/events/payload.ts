import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Envelope, maxBody, WaybillError } from '@waybill/api'

const unzip = promisify(gunzip)

/** The JSON that a GET or DELETE carries: the query string as a whole, percent-encoded. */
export function readQueryString(url: string): unknown {
  const at = url.indexOf('?')
  const encoded = at === -1 ? '' : url.slice(at + 1)
  if (encoded === '') return undefined
  let text: string
  try {
    text = decodeURIComponent(encoded)
  } catch (cause) {
    throw new WaybillError('bad_request', 'The query string is not percent-encoded properly', { cause })
  }
  return parseJson(text, 'The query string')
}

/** The JSON of a body, whatever its Content-Type says. */
export function readBody(body: Buffer | string): unknown {
  const text = typeof body === 'string' ? body : body.toString('utf8')
  return text.trim() === '' ? undefined : parseJson(text, 'The body')
}

/** The payload of an event: `data`, or `gz_data` unpacked. */
export async function readPayload({ data, gz_data }: Pick<Envelope, 'data' | 'gz_data'>): Promise<unknown> {
  if (gz_data === undefined || gz_data === null) return data
  let unzipped: Buffer
  try {
    unzipped = await unzip(Buffer.from(gz_data, 'base64'), { maxOutputLength: maxBody })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new WaybillError('too_large', `gz_data holds more than ${maxBody} bytes`, { cause })
    }
    throw new WaybillError('bad_request', 'gz_data is not the base64 of a gzip', { cause })
  }
  return parseJson(unzipped.toString('utf8'), 'gz_data')
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WaybillError('bad_request', `${what} is not JSON`, { cause })
  }
}
