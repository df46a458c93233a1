import { parseDate } from '@waybill/api'

/** The only shape that clients take for a date; a day alone stays text. */
const WIRE_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/

export type Json = Readonly<Record<string, unknown>>

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Turns every text in the shape of a date, at any depth, into a Date. */
export function fromWire(value: unknown): unknown {
  if (typeof value === 'string') {
    const range = WIRE_DATE.test(value) ? parseDate(value) : undefined
    return range === undefined ? value : new Date(range.from)
  }
  return mapValues(value, fromWire)
}

/** Turns every Date, at any depth, into text: UTC without zone suffix, milliseconds only where there are any. */
export function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace(/(?:\.000)?Z$/, '')
  return mapValues(value, toWire)
}

function mapValues(value: unknown, map: (item: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map)
  if (!isJson(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, map(item)]))
}
