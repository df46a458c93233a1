import { fold, type SingleOperator, type Value } from '@waybill/api'
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { CompileContext } from './binding.js'
import { compileRegex, searchedLength } from './regex/engine.js'

/** How one database compares text as queries do. The values are texts of the query, in any case. */
export interface TextSql {
  /** An expression without its case. */
  fold(text: Expression<unknown>): RawBuilder<string>
  like(text: Expression<unknown>, pattern: string): RawBuilder<SqlBool>
  contains(text: Expression<unknown>, part: string): RawBuilder<SqlBool>
  matches(text: Expression<unknown>, pattern: Value): RawBuilder<SqlBool>
  /** A folded expression in the order of code points. */
  inOrder(folded: Expression<unknown>): RawBuilder<string>
}

function sqlite(budget: number): TextSql {
  return {
    fold: (text) => sql`waybill_fold(${text})`,
    like: (text, pattern) => sql`waybill_like(${text}, ${fold(pattern)}) = 1`,
    contains: (text, part) => sql`instr(waybill_fold(${text}), ${fold(part)}) > 0`,
    matches: (text, pattern) => {
      // Compiled here for its errors; SQLite calls back for each row and finds it in the cache.
      compileRegex(pattern)
      return sql`waybill_matches(${text}, ${pattern.text}, ${budget}) = 1`
    },
    inOrder: (folded) => sql`${folded}`,
  }
}

/** The collation makes lower() and `~*` know all of Unicode, whatever the database was created with. */
const postgres: TextSql = {
  fold: (text) => sql`lower((${text})::text collate "und-x-icu")`,
  like: (text, pattern) => {
    const escaped = fold(pattern)
      .replace(/[\\%_]/g, '\\$&')
      .replace(/\*+/g, '%')
    return sql`${postgres.fold(text)} like ${escaped} escape '\\'`
  },
  contains: (text, part) => sql`strpos(${postgres.fold(text)}, ${fold(part)}) > 0`,
  matches: (text, pattern) =>
    sql`left((${text})::text, ${sql.lit(searchedLength)}) collate "und-x-icu" ~* ${compileRegex(pattern).postgres}`,
  inOrder: (folded) => sql`${folded} collate "C"`,
}

export function textSql(context: CompileContext, budget: number): TextSql {
  return context.dialect === 'sqlite' ? sqlite(budget) : postgres
}

/** Compares a text expression with one value; never true where the expression is null. */
export function compareWith(
  text: TextSql,
  expression: Expression<unknown>,
  operator: SingleOperator,
  value: Value,
  lowerCase = false,
): RawBuilder<SqlBool> {
  const folded = lowerCase ? sql`${expression}` : text.fold(expression)
  switch (operator) {
    case '=':
      return value.text.includes('*')
        ? text.like(expression, value.text)
        : sql`${folded} = ${fold(value.text)}`
    case 'contains':
      return text.contains(expression, value.text)
    case 'matches':
      return text.matches(expression, value)
    default:
      return sql`${text.inOrder(folded)} ${sql.raw(operator)} ${fold(value.text)}`
  }
}
