import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Envelope, WaybillError } from '@waybill/api'

const unzip = promisify(gunzip)
const unpacking = atMost(2)

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

/**
 * The payload of an event: `data`, or `gz_data` unpacked. A bomb is refused as soon as it is larger than
 * `maxUnzipped`, and few are unpacked at a time: many small calls may carry one each.
 */
export async function readPayload(
  { data, gz_data }: Pick<Envelope, 'data' | 'gz_data'>,
  maxUnzipped: number,
): Promise<unknown> {
  if (gz_data === undefined || gz_data === null) return data
  return await unpacking(async () => parseJson(await unpack(gz_data, maxUnzipped), 'gz_data'))
}

async function unpack(text: string, maxOutputLength: number): Promise<string> {
  try {
    const unzipped = await unzip(Buffer.from(text, 'base64'), { maxOutputLength })
    return unzipped.toString('utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new WaybillError('too_large', `gz_data holds more than ${maxOutputLength} bytes`, { cause })
    }
    throw new WaybillError('bad_request', 'gz_data is not the base64 of a gzip', { cause })
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WaybillError('bad_request', `${what} is not JSON`, { cause })
  }
}

/** Runs work so many at a time, first come first served. */
function atMost(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = []
  let busy = 0
  return async (work) => {
    if (busy >= most) await new Promise<void>((resolve) => line.push(resolve))
    else busy += 1
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next === undefined) busy -= 1
      else next()
    }
  }
}
