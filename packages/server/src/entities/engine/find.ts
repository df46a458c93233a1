import {
  attributeNames,
  type EntityType,
  entities,
  type Population,
  shownAttributes,
  WaybillError,
} from '@waybill/api'
import { type AliasedExpression, expressionBuilder, type SqlBool, sql } from 'kysely'
import type { CallContext } from '../../context.js'
import type { AnyBuilder, Condition } from '../../query/binding.js'
import type { Schema } from '../../store/schema.js'
import { rowsVisibleTo } from '../authority.js'
import { kindOf } from '../kinds.js'
import { isRecord } from './input.js'
import type { EntityKind } from './kind.js'
import { type Json, presentValue } from './present.js'

/** Rows that are held at a time, however many are asked for. */
const pageSize = 500

const cursorName = '#cursor'
const idName = '#id'
/** Builds expressions for any query: conditions name their tables themselves. */
export const builder: AnyBuilder = expressionBuilder<Schema, keyof Schema>()

export interface Selection {
  /** Narrows to these rows, besides what the caller may see. */
  readonly where: readonly (Condition | undefined)[]
  /** Names to be shown; everything that the role reads, when absent. */
  readonly attributes?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly skip?: number | undefined
}

/** Entities of a type that the caller may see, page by page, in the order of creation. Never an empty page. */
export async function* selectPages(
  ctx: CallContext,
  type: EntityType,
  { where, attributes, limit = Number.POSITIVE_INFINITY, skip = 0 }: Selection,
): AsyncGenerator<readonly Json[], void> {
  const kind = kindOf(type)
  const names = chooseNames(ctx, type, attributes)
  // What narrows most comes first: databases test in this order what they have no index for.
  const conditions = [kind.rows, ...where, await rowsVisibleTo(ctx, type)].filter((one) => one !== undefined)
  let cursor: unknown
  for (let left = limit; left > 0; ) {
    const size = Math.min(pageSize, left)
    const offset = cursor === undefined ? skip : 0
    const rows = await selectRows(ctx, kind, names, conditions, { cursor, size, offset })
    if (rows.length > 0) yield await present(ctx, kind, names, rows)
    if (rows.length < size) return
    left -= rows.length
    cursor = rows.at(-1)?.[cursorName]
  }
}

/** All of a selection that is known to be small. */
export async function selectAll(ctx: CallContext, type: EntityType, selection: Selection): Promise<Json[]> {
  const found: Json[] = []
  for await (const page of selectPages(ctx, type, selection)) found.push(...page)
  return found
}

/** Entities by id, in any state, in the order of the ids; those that the caller may not see are left out. */
export async function selectByIds(
  ctx: CallContext,
  type: EntityType,
  ids: readonly string[],
  attributes?: readonly string[],
): Promise<Json[]> {
  const { table } = kindOf(type)
  const found = new Map<unknown, Json>()
  for (let from = 0; from < ids.length; from += pageSize) {
    const some = ids.slice(from, from + pageSize)
    // The id is asked for besides, to tell the rows apart.
    const named = attributes === undefined ? undefined : [...new Set([...attributes, 'id'])]
    const where: Condition = (eb) => eb(`${table}.id`, 'in', some)
    for (const entity of await selectAll(ctx, type, { where: [where], attributes: named })) {
      found.set(entity.id, attributes === undefined ? entity : pick(entity, attributes))
    }
  }
  return ids.map((id) => found.get(id)).filter((entity) => entity !== undefined)
}

/** The rows of the chosen populations; flags that the type does not have are ignored. */
export function inPopulations(type: EntityType, chosen: readonly Population[]): Condition | undefined {
  const { populations } = kindOf(type)
  const asked = chosen.flatMap((population) => populations[population] ?? [])
  const conditions = asked.length > 0 ? asked : populations.live === undefined ? [] : [populations.live]
  return conditions.length === 0 ? undefined : (eb) => eb.or(conditions.map((condition) => condition(eb)))
}

function chooseNames(ctx: CallContext, type: EntityType, chosen?: readonly string[]): readonly string[] {
  const readable = attributeNames(entities[type], ctx.caller.role)
  if (chosen === undefined) return shownAttributes(entities[type], ctx.caller.role)
  const unknown = chosen.find((name) => !readable.includes(name))
  if (unknown === undefined) return [...new Set(chosen)]
  throw new WaybillError(
    'unknown_attribute',
    `A ${type} has no attribute "${unknown}"; there are ${readable.join(', ')}`,
  )
}

interface Page {
  readonly cursor: unknown
  readonly size: number
  readonly offset: number
}

async function selectRows(
  ctx: CallContext,
  kind: EntityKind,
  names: readonly string[],
  conditions: readonly Condition[],
  { cursor, size, offset }: Page,
): Promise<readonly Readonly<Json>[]> {
  const order = sql.ref(`${kind.table}.${kind.order}`)
  let query = ctx.store.db
    .selectFrom(kind.table)
    .select([...columns(kind, names), order.as(cursorName), sql.ref(`${kind.table}.id`).as(idName)])
    .orderBy(order)
    .limit(size)
  for (const condition of conditions) query = query.where(condition(builder))
  if (cursor !== undefined) query = query.where(sql<SqlBool>`${order} > ${cursor}`)
  if (offset > 0) query = query.offset(offset)
  const rows: readonly unknown[] = await query.execute()
  return rows.filter(isRecord)
}

function columns(kind: EntityKind, names: readonly string[]): AliasedExpression<unknown, string>[] {
  return names.flatMap((name) => {
    const field = kind.fields[name]
    const show = field?.show ?? field?.binding
    if (show === undefined) return []
    const expression = typeof show === 'function' ? show : shownByDefault(name, show)
    return [sql`${expression(builder)}`.as(name)]
  })
}

function shownByDefault(name: string, binding: NonNullable<EntityKind['fields'][string]['binding']>) {
  if (binding.kind === 'party') throw new Error(`${name} has to say how it is shown`)
  return binding.sql
}

async function present(
  ctx: CallContext,
  kind: EntityKind,
  names: readonly string[],
  rows: readonly Readonly<Json>[],
): Promise<readonly Json[]> {
  const ids = rows.map((row) => String(row[idName]))
  const lookups = new Map<string, ReadonlyMap<string, unknown>>()
  for (const name of names) {
    const lookup = kind.fields[name]?.lookup
    if (lookup !== undefined) lookups.set(name, await lookup(ctx, ids))
  }
  const { attributes } = entities[kind.type]
  return rows.map((row) => {
    const entity: Json = {}
    for (const name of names) {
      const attribute = attributes[name]
      const found = lookups.get(name)
      if (found !== undefined) entity[name] = found.get(String(row[idName])) ?? []
      else if (attribute !== undefined) {
        const read = kind.fields[name]?.read
        entity[name] = read === undefined ? presentValue(attribute, row[name]) : read(row[name])
      }
    }
    return entity
  })
}

function pick(entity: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, entity[name]]))
}
