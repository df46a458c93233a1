import {
  type Attribute,
  attributeNames,
  type EntityDefinition,
  parseDate,
  type Role,
  rolesFor,
  WaybillError,
} from '@waybill/api'
import type { Input } from '../operations.js'

/** JSON that is passed through may be this deep; deeper is somebody's attempt to break a parser. */
const deepest = 64
const longestText = 32_768

/**
 * Checks what a client sent for creation or change against the type's definition: unknown attributes, those
 * that the role may not give, and values of the wrong kind are errors that name the attribute. Values of null
 * are absent at creation; at a change they empty what may be empty.
 */
export function checkInput(
  definition: EntityDefinition,
  role: Role,
  operation: 'create' | 'update',
  data: unknown,
): Input {
  const { type } = definition
  if (!isRecord(data)) {
    throw new WaybillError('bad_request', `The attributes of a ${type} have to be given as an object`)
  }
  const checked: [string, unknown][] = []
  for (const [name, value] of Object.entries(data)) {
    const attribute = Object.hasOwn(definition.attributes, name) ? definition.attributes[name] : undefined
    if (attribute === undefined || !rolesFor(attribute, operation).includes(role)) {
      throw refuse(definition, role, operation, name)
    }
    if (value === null && operation === 'create') continue
    checkValue(`${name} of a ${type}`, attribute, value)
    // Queries reach into it by key.
    if (name === 'metadata' && value !== null && !isRecord(value)) {
      throw new WaybillError('bad_request', 'metadata has to be an object')
    }
    checked.push([name, value])
  }
  return Object.fromEntries(checked)
}

function refuse(
  definition: EntityDefinition,
  role: Role,
  operation: 'create' | 'update',
  name: string,
): WaybillError {
  const allowed = attributeNames(definition, role, operation)
  const when = operation === 'create' ? 'given at creation' : 'changed'
  const list = allowed.length === 0 ? 'none can' : `these can: ${allowed.join(', ')}`
  const { type } = definition
  if (!Object.hasOwn(definition.attributes, name)) {
    return new WaybillError(
      'unknown_attribute',
      `A ${type} has no attribute "${name}" to be ${when}; ${list}`,
    )
  }
  return new WaybillError(
    'unknown_attribute',
    `The attribute "${name}" of a ${type} cannot be ${when}; ${list}`,
  )
}

function checkValue(what: string, attribute: Attribute, value: unknown): void {
  const { type, writable } = attribute
  const wrong = (wanted: string): WaybillError =>
    new WaybillError('bad_request', `The ${what} has to be ${wanted}, not ${describe(value)}`)
  if (typeof type === 'object' && 'oneOf' in type) {
    const choices = writable ?? type.oneOf
    if ((typeof value === 'string' || typeof value === 'number') && choices.includes(value)) return
    throw new WaybillError(
      'bad_request',
      `The ${what} cannot be set to ${describe(value)}; choose ${choices.join(', ')}`,
    )
  }
  if (typeof type === 'object') {
    if (value !== null && typeof value !== 'string') throw wrong('an id or a code')
    return
  }
  switch (type) {
    case 'id':
    case 'uuid':
    case 'text':
      if (value !== null && typeof value !== 'string') throw wrong('text')
      if (typeof value === 'string' && value.length > longestText) throw wrong('shorter text')
      return
    case 'integer':
      if (!Number.isSafeInteger(value)) throw wrong('a whole number')
      return
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong('a number')
      return
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong('true or false')
      return
    case 'date':
      if (value !== null && (typeof value !== 'string' || parseDate(value) === undefined))
        throw wrong('a date')
      return
    case 'party':
    case 'json':
      if (isDeeper(value, deepest)) throw wrong('less deeply nested')
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
