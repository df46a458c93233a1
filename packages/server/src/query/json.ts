import {
  type Comparison,
  fold,
  isAnything,
  parseNumber,
  type SingleOperator,
  splitOperator,
  type Value,
  valuesOf,
} from '@waybill/api'
import { type Expression, expressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Schema } from '../store/schema.js'
import type { CompileContext } from './binding.js'
import type { JsonTest } from './json-test.js'
import { join, type Test } from './logic.js'
import { compileRegex } from './regex/engine.js'
import { compareWith, type TextSql } from './text-sql.js'

/** A comparison, in the positive form of its operator, with what a path of keys leads to within an object. */
export function compileJson(
  comparison: Comparison,
  column: Expression<unknown>,
  keys: readonly string[],
  text: TextSql,
  { dialect }: CompileContext,
  budget: number,
): Test {
  const { positive } = splitOperator(comparison.operator)
  const values = valuesOf(comparison)
  if (positive === 'matches') for (const value of values) compileRegex(value)
  if (dialect === 'postgres') return postgresJson(comparison, column, keys, text)
  const test: JsonTest = { keys, operator: positive, values: values.map((value) => value.text), budget }
  return sql`waybill_json(${column}, ${JSON.stringify(test)}) = 1`
}

/**
 * One source per level, each made of the one before: the members of an object whose key is the wanted one in
 * any case, and last the plain values of an array, or the value itself.
 */
function postgresJson(
  comparison: Comparison,
  column: Expression<unknown>,
  keys: readonly string[],
  text: TextSql,
): Test {
  const { positive } = splitOperator(comparison.operator)
  // jsonb takes no \u0000; in a text that was written \\u0000 the replacement does no harm.
  let reached: RawBuilder<unknown> = sql`replace(${column}, '\\u0000', '\\ufffd')::jsonb`
  const conditions: Test[] = []
  const levels = keys.map((key, index) => {
    const alias = `level${index}`
    const members = sql`jsonb_each(case jsonb_typeof(${reached}) when 'object' then ${reached} end)`
    conditions.push(sql`${text.fold(sql.ref(`${alias}.key`))} = ${fold(key)}`)
    reached = sql`${sql.ref(`${alias}.value`)}`
    return members.as(alias)
  })
  const list = sql`case jsonb_typeof(${reached}) when 'array' then ${reached} else jsonb_build_array(${reached}) end`
  const leaves = sql`jsonb_array_elements(${list})`.as('leaf')
  const leaf = sql.ref('leaf.value')
  conditions.push(sql`jsonb_typeof(${leaf}) in ('string', 'number', 'boolean')`)
  conditions.push(
    join(
      'or',
      valuesOf(comparison).map((value) =>
        positive === '=' && isAnything(value.text)
          ? sql`1 = 1`
          : testLeaf(text, leaf, positive === 'in' ? '=' : positive, value, positive === 'in'),
      ),
    ),
  )
  const found = expressionBuilder<Schema>()
    .selectFrom([...levels, leaves])
    .select(sql.lit(1).as('one'))
    .where(join('and', conditions))
  return sql<SqlBool>`exists ${found}`
}

/** The meaning of `matchLeaf` in packages/api/src/query/json.ts. */
function testLeaf(
  text: TextSql,
  leaf: Expression<unknown>,
  operator: SingleOperator,
  value: Value,
  literal: boolean,
): Test {
  const content = sql`(${leaf} #>> '{}')`
  const asText =
    literal && operator === '='
      ? sql<SqlBool>`${text.fold(content)} = ${fold(value.text)}`
      : compareWith(text, content, operator, value)
  if (operator === 'contains' || operator === 'matches') return asText
  const number = parseNumber(value.text)
  // A number is compared as one; CASE keeps other values away from the cast.
  const asNumber =
    number === undefined
      ? operator === '='
        ? asText
        : sql`false`
      : sql`${content}::double precision ${sql.raw(operator)} cast(${number} as double precision)`
  return sql`case jsonb_typeof(${leaf}) when 'number' then ${asNumber} else ${asText} end`
}
