import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'

export type Test = Expression<SqlBool>

export const never: RawBuilder<SqlBool> = sql`1 = 0`

/** Joins conditions as a balanced tree: SQLite counts each level of a chain, and takes a thousand. */
export function join(word: 'and' | 'or', tests: readonly Test[]): Test {
  const [only] = tests
  if (tests.length <= 1) return only ?? (word === 'or' ? never : sql<SqlBool>`1 = 1`)
  const middle = Math.ceil(tests.length / 2)
  const left = join(word, tests.slice(0, middle))
  const right = join(word, tests.slice(middle))
  return word === 'and' ? sql`(${left} and ${right})` : sql`(${left} or ${right})`
}

/** True where a test is false and where it is null, for it is about something absent. */
export function notTrue(test: Test): Test {
  return sql`(${test}) is not true`
}
