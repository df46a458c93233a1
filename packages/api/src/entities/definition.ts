import { everybody, type Role } from '../roles.js'

export const entityTypes = [
  'workspace',
  'user',
  'site',
  'client',
  'app',
  'server',
  'userserver',
  'browser',
  'volume',
  'folder',
  'home',
  'collection',
  'file',
  'acl',
  'queue',
  'transfer',
  'task',
  'delivery',
  'request',
  'stream',
] as const
export type EntityType = (typeof entityTypes)[number]

/** What a value is; references name the types they may point to, enumerations their values. */
export type ValueType =
  | 'id'
  | 'uuid'
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'json'
  | 'party'
  | { readonly ref: readonly EntityType[] }
  | { readonly oneOf: readonly (string | number)[] }

/** One attribute, described once: find, `attributes`, input checks and the query compiler read this. */
export interface Attribute {
  readonly type: ValueType
  readonly description: string
  /** Who reads it; everybody who may see the entity unless said otherwise. */
  readonly read?: readonly Role[]
  /** Who may give it at creation; nobody when absent. */
  readonly create?: readonly Role[]
  /** Who may change it later; nobody when absent. */
  readonly update?: readonly Role[]
  /** Values that may be written, where that is less than `type` allows. */
  readonly writable?: readonly (string | number)[]
  readonly unit?: string
  /** Given at creation only; never part of an answer (`volumes` of a user, `tasks` of a transfer). */
  readonly inputOnly?: true
  /** Part of an answer where it is asked for by name, and of queries; answers that name none are as they were. */
  readonly onRequest?: true
}

export interface EntityDefinition {
  readonly type: EntityType
  readonly description: string
  /** Roles that see the type at all. */
  readonly visible: readonly Role[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export type Operation = 'read' | 'create' | 'update'

/** The attribute's roles for an operation. */
export function rolesFor(attribute: Attribute, operation: Operation): readonly Role[] {
  if (operation === 'read') return attribute.inputOnly ? [] : (attribute.read ?? everybody)
  return attribute[operation] ?? []
}

/** Names of what is in an answer to `role` that asks for nothing in particular. */
export function shownAttributes(definition: EntityDefinition, role: Role): readonly string[] {
  const { attributes } = definition
  return attributeNames(definition, role).filter((name) => attributes[name]?.onRequest !== true)
}

/** Names that `role` may read, give at creation or change later, in the order of the definition. */
export function attributeNames(
  definition: EntityDefinition,
  role: Role,
  operation: Operation = 'read',
): readonly string[] {
  return Object.entries(definition.attributes)
    .filter(([, attribute]) => rolesFor(attribute, operation).includes(role))
    .map(([name]) => name)
}
