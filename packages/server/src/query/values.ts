import {
  type Comparison,
  isAnything,
  readBoolean,
  readDate,
  readNumber,
  type SingleOperator,
  splitOperator,
  type Value,
  valuesOf,
} from '@waybill/api'
import { type Expression, sql } from 'kysely'
import type { AttributeBinding, CompileContext } from './binding.js'
import { join, type Test } from './logic.js'
import { compareWith, type TextSql } from './text-sql.js'

type ValueBinding = Extract<AttributeBinding, { kind: 'value' }>

/** A comparison, in the positive form of its operator, with a column of plain values. */
export function compileValue(
  comparison: Comparison,
  column: Expression<unknown>,
  binding: Pick<ValueBinding, 'type' | 'scale' | 'lowerCase'>,
  text: TextSql,
  context: CompileContext,
): Test {
  const { positive } = splitOperator(comparison.operator)
  const values = valuesOf(comparison)
  if (positive === 'in' && binding.type === 'text') return textIn(column, values, binding, text)
  const operator = positive === 'in' ? '=' : positive
  return join(
    'or',
    values.map((value) =>
      positive === '=' && isAnything(value.text)
        ? sql`${column} is not null`
        : compileOne(comparison, column, operator, value, binding, text, context),
    ),
  )
}

/** A list of texts; there `*` is just a star. */
function textIn(
  column: Expression<unknown>,
  values: readonly Value[],
  binding: Pick<ValueBinding, 'lowerCase'>,
  text: TextSql,
): Test {
  const folded = binding.lowerCase ? column : text.fold(column)
  return sql`${folded} in (${sql.join(values.map((value) => value.text.toLowerCase()))})`
}

function compileOne(
  { attribute }: Comparison,
  column: Expression<unknown>,
  operator: SingleOperator,
  value: Value,
  binding: Pick<ValueBinding, 'type' | 'scale' | 'lowerCase'>,
  text: TextSql,
  context: CompileContext,
): Test {
  switch (binding.type) {
    case 'text':
      return compareWith(text, column, operator, value, binding.lowerCase)
    case 'integer':
    case 'number': {
      const number = readNumber(value, attribute) * (binding.scale ?? 1)
      // PostgreSQL would take the number for one of the column's type, and 1.5 is no integer.
      const bound = context.dialect === 'postgres' ? sql`cast(${number} as double precision)` : sql`${number}`
      return sql`${column} ${sql.raw(operator)} ${bound}`
    }
    case 'boolean':
      return sql`${column} = ${readBoolean(value, attribute) ? 1 : 0}`
    case 'date': {
      const { from, to } = readDate(value, attribute)
      return compareMoment(column, operator, from, to)
    }
  }
}

/** A date stands for [from, to): equal is within, greater is after all of it. */
function compareMoment(
  column: Expression<unknown>,
  operator: SingleOperator,
  from: number,
  to: number,
): Test {
  switch (operator) {
    case '<':
      return sql`${column} < ${from}`
    case '<=':
      return sql`${column} < ${to}`
    case '>':
      return sql`${column} >= ${to}`
    case '>=':
      return sql`${column} >= ${from}`
    default:
      return sql`(${column} >= ${from} and ${column} < ${to})`
  }
}
