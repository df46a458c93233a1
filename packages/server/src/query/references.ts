import {
  type Comparison,
  fold,
  isAnything,
  isEntityId,
  type PositiveOperator,
  splitOperator,
  type Value,
  valuesOf,
} from '@waybill/api'
import { type Expression, expressionBuilder, type SqlBool, sql } from 'kysely'
import type { JobTable } from '../store/schema.js'
import type { NamedTable } from './binding.js'
import { join, type Test } from './logic.js'
import { compareWith, type TextSql } from './text-sql.js'

/** What the tables that can be referred to have in common. */
interface NamedRow {
  id: string
  code: string
  name: string
}

/** Which entities a comparison means. */
export interface Named {
  readonly table: NamedTable
  /** Types that may stand before the colon. */
  readonly types: readonly string[]
}

const jobKinds = ['queue', 'transfer', 'delivery', 'request'] as const satisfies readonly JobTable['kind'][]

const builder = expressionBuilder<Record<NamedTable, NamedRow>>()

/**
 * A comparison, in the positive form of its operator, with an id. An entity is known by its id, its code (a
 * job by its name, too), and each of them after `<type>:`. A text in the shape of an id is taken for one.
 */
export function compileReference(
  comparison: Comparison,
  id: Expression<unknown>,
  named: Named,
  text: TextSql,
): Test {
  const { positive } = splitOperator(comparison.operator)
  const anything = positive === '=' && valuesOf(comparison).some((value) => isAnything(value.text))
  if (anything) return sql`${id} is not null`
  const { ids, row } = names(comparison, named, text)
  const tests: Test[] = ids.length === 0 ? [] : [sql`${id} in (${sql.join(ids)})`]
  if (row.length > 0) tests.push(sql`${id} in ${select(named, join('or', row))}`)
  return join('or', tests)
}

/** The same comparison as a test on a row of the table, alias `named`. */
export function compileNames(comparison: Comparison, named: Named, text: TextSql): Test {
  const { ids, row } = names(comparison, named, text)
  const own: Test[] = ids.length === 0 ? [] : [sql`${sql.ref('named.id')} in (${sql.join(ids)})`]
  return join('or', [...own, ...row])
}

/** The ids that a comparison asks for, and the tests on a row (alias `named`) for its other values. */
function names(comparison: Comparison, named: Named, text: TextSql) {
  const { positive } = splitOperator(comparison.operator)
  const values = valuesOf(comparison)
  const exact = values.filter((value) => isExact(positive, value))
  const { ids, codes } = splitNames(named, exact)
  const others = values.filter((value) => !isExact(positive, value))
  const row: readonly Test[] = [
    ...coded(named, text, codes),
    ...others.map((value) => anyName(named, text, positive, value)),
  ]
  return { ids, row }
}

/** Whether a value must equal a name as it is, without wildcards. */
function isExact(operator: PositiveOperator, value: Value): boolean {
  return operator === 'in' || (operator === '=' && !value.text.includes('*'))
}

/** The ids and the codes that values can mean. */
function splitNames(
  { types }: Named,
  values: readonly Value[],
): { readonly ids: readonly string[]; readonly codes: readonly string[] } {
  const names = values.flatMap((value) => {
    const name = fold(value.text)
    const type = types.find((candidate) => name.startsWith(`${candidate}:`))
    return type === undefined ? [name] : [name, name.slice(type.length + 1)]
  })
  return { ids: names.filter(isEntityId), codes: names.filter((name) => !isEntityId(name)) }
}

function coded({ table }: Named, text: TextSql, codes: readonly string[]): Test[] {
  if (codes.length === 0) return []
  return codeColumns(table).map((column) => sql`${text.fold(column)} in (${sql.join(codes)})`)
}

/** A test on a row of the table, alias `named`: any of its names satisfies the operator. */
function anyName({ table, types }: Named, text: TextSql, operator: PositiveOperator, value: Value): Test {
  const plain = [sql.ref('named.id'), ...codeColumns(table)]
  const prefixed = types.flatMap((type) => plain.map((column) => sql`${sql.lit(`${type}:`)} || ${column}`))
  const single = operator === 'in' ? '=' : operator
  return join(
    'or',
    [...plain, ...prefixed].map((name) => compareWith(text, sql`(${name})`, single, value)),
  )
}

function codeColumns(table: NamedTable): Expression<unknown>[] {
  return table === 'job' ? [sql.ref('named.code'), sql.ref('named.name')] : [sql.ref('named.code')]
}

/**
 * Ids of the rows that satisfy a test. A proper subselect, so that the store narrows it to the workspace. Among
 * jobs only the wanted kinds are looked at: queues are few and have an index, transfers can be millions.
 */
export function select({ table, types }: Named, test: Test): Expression<unknown> {
  const rows = builder.selectFrom(`${table} as named`).select('named.id').where(test)
  const kinds = jobKinds.filter((kind) => types.includes(kind))
  if (table !== 'job' || kinds.length === 0) return rows
  return rows.where(sql<SqlBool>`named.kind in (${sql.join(kinds)})`)
}

/** The code or name of the entity that an id refers to. */
export function selectPart(
  table: NamedTable,
  part: 'code' | 'name',
  id: Expression<unknown>,
): Expression<unknown> {
  return builder.selectFrom(`${table} as named`).select(`named.${part}`).where(sql<SqlBool>`named.id = ${id}`)
}
