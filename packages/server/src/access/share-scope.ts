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
    const beneath = within(rights, caller, { volume: 'share.parent', path: 'share.path' }, 'any')
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
export function readable(rights: Rights, caller: Caller, columns: Columns): Condition | undefined {
  return within(rights, caller, columns, 'read')
}

/** The ids of the shares that the caller has an ACL in force on, as a sub-query. */
function grantedShareIds(eb: AnyBuilder, caller: Caller) {
  return eb
    .selectFrom('acl as granting')
    .select('granting.share')
    .where('granting.user', '=', caller.user)
    .where('granting.inactive', '=', 0)
}

function within(
  rights: Rights,
  caller: Caller,
  columns: Columns,
  access: 'read' | 'any',
): Condition | undefined {
  const trees = [...rights.scopes].flatMap(([volume, scope]) => {
    const reaches = scope.reaches.filter((reach) => reach.read || (access === 'any' && reach.write))
    return reaches.length === 0 ? [] : [{ volume, scope, reaches }]
  })
  if (trees.length === 0) return undefined
  return (eb) =>
    anyOf(
      eb,
      trees.map(({ volume, scope, reaches }) =>
        eb.and([eb(columns.volume, '=', volume), inTree(eb, caller, columns, scope, reaches)]),
      ),
    )
}

/** Closed homes are out, but for grants from within one; there are few of those, and each stands for itself. */
function inTree(
  eb: AnyBuilder,
  caller: Caller,
  columns: Columns,
  { closed }: Scope,
  reaches: readonly Reach[],
): Expression<SqlBool> {
  const fromWithin = (reach: Reach) => closed.some((home) => startsWith(reach.names, home))
  const outside = reaches.filter((reach) => !fromWithin(reach)).map(({ names }) => beneath(columns, names))
  const open = outside.length === 0 ? eb.lit(false) : anyOf(eb, outside)
  const inside = reaches.filter(fromWithin).map(({ names }) => {
    const nested = closed.filter((home) => startsWith(home, names) && !startsWith(names, home))
    const homes = nested.map((home) => beneath(columns, home, 'in any case'))
    return homes.length === 0
      ? beneath(columns, names)
      : eb.and([beneath(columns, names), eb.not(anyOf(eb, homes))])
  })
  const shut = closed.length === 0 ? open : eb.and([open, eb.not(inClosedHome(eb, caller, columns))])
  return inside.length === 0 ? shut : eb.or([shut, anyOf(eb, inside)])
}

function startsWith(names: Names, above: Names): boolean {
  return above.every((name, index) => names[index]?.toLowerCase() === name.toLowerCase())
}

function beneath({ path }: Columns, names: Names, spelled: 'so' | 'in any case' = 'so'): Expression<SqlBool> {
  if (names.length === 0) return sql<SqlBool>`1 = 1`
  const written = names.join('/')
  // Not LIKE, which knows no case on SQLite. Both databases count characters, as Array.from does.
  const length = Array.from(written).length + 1
  const [here, top] =
    spelled === 'so'
      ? [sql<string>`${sql.ref(path)}`, sql<string>`${written}`]
      : [sql<string>`lower(${sql.ref(path)})`, sql<string>`lower(${written})`]
  return sql<SqlBool>`(${here} = ${top} or substr(${here}, 1, ${sql.lit(length)}) = ${top} || '/')`
}

/** In a home of an admin or of another employee, in any case of letters. */
function inClosedHome(eb: AnyBuilder, caller: Caller, { volume, path }: Columns): Expression<SqlBool> {
  const home = sql<string>`lower(${sql.ref('closed.path')})`
  const here = sql<string>`lower(${sql.ref(path)})`
  return eb.exists(
    eb
      .selectFrom('share as closed')
      .innerJoin('user as owner', 'owner.id', 'closed.user')
      .select('closed.id')
      .where('closed.kind', '=', 'home')
      .whereRef('closed.parent', '=', volume)
      .where('owner.role', 'in', ['admin', 'employee'])
      .where('owner.id', '<>', caller.user)
      .where(sql<SqlBool>`(${here} = ${home} or substr(${here}, 1, length(${home}) + 1) = ${home} || '/')`),
  )
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
