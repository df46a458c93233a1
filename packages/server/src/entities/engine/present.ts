import { type Attribute, formatDate } from '@waybill/api'

export type Json = Record<string, unknown>

/** A stored value as the wire shows it, by the attribute's type: null, or empty, where there is none. */
export function presentValue({ type }: Attribute, value: unknown): unknown {
  if (typeof type === 'object') return value ?? ('oneOf' in type ? '' : null)
  switch (type) {
    case 'id':
    case 'uuid':
    case 'party':
      return value ?? null
    case 'text':
      return value ?? ''
    case 'integer':
    case 'number':
      return value === null ? null : Number(value)
    case 'boolean':
      return value === null ? null : Number(value) === 1
    case 'date':
      return value === null ? null : formatDate(Number(value))
    case 'json':
      return value === null ? {} : typeof value === 'string' ? JSON.parse(value) : value
  }
}
