import { maxBody, maxHeader, WaybillError } from '@waybill/api'

/** What the endpoint takes from whom; options of the server, see docs/settings.md. */
export interface EndpointLimits {
  /** Requests a second that one key may make for long; a workspace may set its own. */
  readonly requestRate: number
  /** Requests that one key may make at once after a pause; a workspace may set its own. */
  readonly requestBurst: number
  /** How long what is over a limit waits for its turn before it is refused. Milliseconds. */
  readonly holdMs: number
  /** Connections of one address that have not logged in yet. */
  readonly unauthenticated: number
  /** The longest body. Bytes. */
  readonly maxBody: number
  /** The longest payload after unzipping. Bytes. */
  readonly maxUnzipped: number
  /** The longest URL with its headers. Bytes. */
  readonly maxHeader: number
}

const mebibyte = 1024 * 1024

export const defaultLimits: EndpointLimits = {
  requestRate: 30,
  requestBurst: 60,
  holdMs: 10_000,
  unauthenticated: 100,
  maxBody,
  maxUnzipped: 256 * mebibyte,
  maxHeader,
}

interface Option {
  readonly limit: keyof EndpointLimits
  /** What one of the option's unit is in the limit's. */
  readonly unit: number
  readonly least: number
  readonly most: number
}

const options: Readonly<Record<string, Option>> = {
  request_rate: { limit: 'requestRate', unit: 1, least: 0.1, most: 1e6 },
  request_burst: { limit: 'requestBurst', unit: 1, least: 1, most: 1e6 },
  request_hold_s: { limit: 'holdMs', unit: 1000, least: 0, most: 60 },
  unauthenticated_connections: { limit: 'unauthenticated', unit: 1, least: 1, most: 1e6 },
  // A gibibyte is more than a JSON text can hold in memory.
  body_mib: { limit: 'maxBody', unit: mebibyte, least: 1, most: 256 },
  unzipped_mib: { limit: 'maxUnzipped', unit: mebibyte, least: 1, most: 511 },
  header_kib: { limit: 'maxHeader', unit: 1024, least: 16, most: 16_384 },
}

const limitNames: readonly string[] = Object.keys(options)

/** Reads `NAME=NUMBER` texts, each with commas between several; `bad_request` says what is wrong with one. */
export function parseLimits(texts: readonly string[]): Partial<EndpointLimits> {
  const items = texts.flatMap((text) => text.split(',')).map((item) => item.trim())
  return Object.fromEntries(items.filter((item) => item !== '').map(parseLimit))
}

function parseLimit(item: string): [keyof EndpointLimits, number] {
  const [name = '', text = ''] = item.split('=', 2).map((part) => part.trim())
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) {
    throw new WaybillError('bad_request', `There is no limit "${name}"; there are ${limitNames.join(', ')}`)
  }
  const value = text === '' ? Number.NaN : Number(text)
  if (!(value >= option.least && value <= option.most)) {
    const range = `from ${option.least} to ${option.most}`
    throw new WaybillError('bad_request', `The limit ${name} has to be a number ${range}, not "${text}"`)
  }
  return [option.limit, value * option.unit]
}
