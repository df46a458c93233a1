import type { Names, Reach, Scope } from '@waybill/api'
import { type Expression, type SqlBool, sql } from 'kysely'
import type { Caller } from '../context.js'
import type { AnyBuilder, Condition } from '../query/binding.js'
import type { Rights } from './rights.js'

/**
 * Rights as conditions of queries: made from the same scopes that `allows` reads, so that a list shows just what
 * a look-up would find.
 */

/** The columns with the volume that something lies on, and with its path there, `a/b`. */
interface Columns {
  readonly volume: 'share.parent' | 'collection_file.volume'
  readonly path: 'share.path' | 'collection_file.path'
}

/**
 * Which rows of `share` the caller sees: admins all; others what they were granted, their own home, and what
 * lies where they may read or write. Employees besides, collections of files that they may read anyway;
 * standard users no volumes.
 */
export function visibleShares(rights: Rights, caller: Caller): Condition {
  return (eb) => {
    if (caller.role === 'admin') return eb.lit(true)
    const granted = eb('share.id', 'in', grantedShareIds(eb, caller))
    const beneath = within(rights, { volume: 'share.parent', path: 'share.path' }, 'any')
    return eb.or([
      caller.role === 'standard' ? eb.and([granted, eb('share.kind', '!=', 'volume')]) : granted,
      eb.and([eb('share.kind', '=', 'home'), eb('share.user', '=', caller.user)]),
      ...(rights.managed.size === 0 ? [] : [eb('share.id', 'in', [...rights.managed])]),
      ...(beneath === undefined ? [] : [beneath(eb)]),
    ])
  }
}

/** Which rows of `collection_file` the caller sees: those that may be read through their collection. */
export function visibleFiles(rights: Rights, caller: Caller): Condition {
  return (eb) => {
    if (caller.role === 'admin') return eb.lit(true)
    const trees = [...rights.scopes].map(([collection, { reaches }]) => {
      const read = reaches.filter((reach) => reach.read)
      const some = read.flatMap(({ names: [name] }) => name ?? [])
      return { collection, all: read.some(({ names }) => names.length === 0), some }
    })
    const whole = trees.flatMap(({ collection, all }) => (all ? [collection] : []))
    return eb.or([
      eb('collection_file.collection', 'in', ['', ...whole]),
      ...trees
        .filter(({ all, some }) => !all && some.length > 0)
        .map(({ collection, some }) =>
          eb.and([eb('collection_file.collection', '=', collection), eb('collection_file.name', 'in', some)]),
        ),
    ])
  }
}

/** What lies where the caller may read; undefined when that is nowhere. Not for admins, who may everywhere. */
export function readable(rights: Rights, columns: Columns): Condition | undefined {
  return within(rights, columns, 'read')
}

/** The ids of the shares that the caller has an ACL in force on, as a sub-query. */
function grantedShareIds(eb: AnyBuilder, caller: Caller) {
  return eb
    .selectFrom('acl as granting')
    .select('granting.share')
    .where('granting.user', '=', caller.user)
    .where('granting.inactive', '=', 0)
}

function within(rights: Rights, columns: Columns, access: 'read' | 'any'): Condition | undefined {
  const trees = [...rights.scopes].flatMap(([volume, scope]) => {
    const reaches = scope.reaches.filter((reach) => reach.read || (access === 'any' && reach.write))
    return reaches.length === 0 ? [] : [{ volume, scope, reaches }]
  })
  if (trees.length === 0) return undefined
  return (eb) =>
    anyOf(
      eb,
      trees.map(({ volume, scope, reaches }) =>
        eb.and([eb(columns.volume, '=', volume), inTree(eb, columns, scope, reaches)]),
      ),
    )
}

/** Closed homes are out, but for grants from within one; there are few of those, and each stands for itself. */
function inTree(
  eb: AnyBuilder,
  columns: Columns,
  { closed }: Scope,
  reaches: readonly Reach[],
): Expression<SqlBool> {
  const fromWithin = (reach: Reach) => closed.some((home) => startsWith(reach.names, home))
  const outside = outermost(reaches.filter((reach) => !fromWithin(reach)))
  const inside = reaches.filter(fromWithin).map(({ names }) => {
    const nested = closed.filter((home) => startsWith(home, names) && !startsWith(names, home))
    return eb.and([beneath(eb, columns, [names]), outOf(eb, columns, nested)])
  })
  return anyOf(eb, [eb.and([beneath(eb, columns, outside), outOf(eb, columns, closed)]), ...inside])
}

/** Without those that lie beneath another one. */
function outermost(reaches: readonly Reach[]): readonly Names[] {
  const tops = new Map(reaches.map(({ names }) => [names.join('/'), names]))
  return [...tops.values()].filter(
    (names) => !names.some((_, depth) => tops.has(names.slice(0, depth).join('/'))),
  )
}

/** Outside of homes, in any case of letters. */
function outOf(eb: AnyBuilder, columns: Columns, homes: readonly Names[]): Expression<SqlBool> {
  return homes.length === 0 ? eb.lit(true) : eb.not(beneath(eb, columns, homes, 'in any case'))
}

function startsWith(names: Names, above: Names): boolean {
  return above.every((name, index) => names[index]?.toLowerCase() === name.toLowerCase())
}

/**
 * At or beneath one of some places. Not with LIKE, which knows no case on SQLite; and with one look-up for all
 * places whose paths are of one length, so that two hundred of them cost little more than one.
 */
function beneath(
  eb: AnyBuilder,
  { path }: Columns,
  places: readonly Names[],
  spelled: 'so' | 'in any case' = 'so',
): Expression<SqlBool> {
  if (places.some((names) => names.length === 0)) return eb.lit(true)
  if (places.length === 0) return eb.lit(false)
  const here = spelled === 'so' ? sql`${sql.ref(path)}` : sql`lower(${sql.ref(path)})`
  const written = (text: string) => (spelled === 'so' ? sql`${text}` : sql`lower(${text})`)
  const tops = places.map((names) => names.join('/'))
  const byLength = new Map<number, Expression<unknown>[]>()
  for (const top of tops) {
    // Both databases count characters, as Array.from does.
    const length = Array.from(top).length + 1
    byLength.set(length, [...(byLength.get(length) ?? []), written(`${top}/`)])
  }
  return eb.or([
    sql<SqlBool>`${here} in (${sql.join(tops.map(written))})`,
    ...[...byLength].map(
      ([length, some]) => sql<SqlBool>`substr(${here}, 1, ${sql.lit(length)}) in (${sql.join(some)})`,
    ),
  ])
}

/** Databases parse a long chain of ORs by recursion, and refuse to go very deep. */
function anyOf(eb: AnyBuilder, conditions: readonly Expression<SqlBool>[]): Expression<SqlBool> {
  const some = 50
  if (conditions.length <= some) return eb.or([...conditions])
  const groups: Expression<SqlBool>[] = []
  for (let from = 0; from < conditions.length; from += some) {
    groups.push(eb.or(conditions.slice(from, from + some)))
  }
  return anyOf(eb, groups)
}
