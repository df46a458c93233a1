import type { SqliteDatabase, SqliteStatement, SqliteValue } from './database.js'

const CACHED_STATEMENTS = 500

/** A database handle that keeps its prepared statements, the most recently used ones. */
export class SqliteHandle {
  readonly #database: SqliteDatabase
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** Rows of a query, or of what a change returns. */
  rows(sql: string, parameters: readonly unknown[]): unknown[] {
    return this.#statement(sql).all(...values(parameters))
  }

  /** Number of rows that were changed. */
  change(sql: string, parameters: readonly unknown[]): bigint {
    return BigInt(this.#statement(sql).run(...values(parameters)).changes)
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #statement(sql: string): SqliteStatement {
    const cached = this.#statements.get(sql)
    const statement = cached ?? this.#database.prepare(sql)
    // Taken out and put back, so that the first one of the map is always the longest unused.
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > CACHED_STATEMENTS) {
      const [oldest] = this.#statements.keys()
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    return statement
  }
}

function values(parameters: readonly unknown[]): SqliteValue[] {
  return parameters.map(toSqliteValue)
}

function toSqliteValue(value: unknown): SqliteValue {
  switch (typeof value) {
    case 'string':
      // PostgreSQL keeps no NUL in text; what one database refuses the other one must not take.
      if (value.includes('\0')) throw new NulInText()
      return value
    case 'number':
    case 'bigint':
      return value
    case 'boolean':
      return value ? 1 : 0
    default:
      if (value === null || value === undefined) return null
      if (value instanceof Uint8Array) return value
      throw new TypeError(`A ${typeof value} cannot be stored; JSON is stored as text`)
  }
}

/** Thrown for text with a NUL character; faults.ts makes the error that callers see of it. */
export class NulInText extends Error {
  constructor() {
    super('text with a NUL character')
    this.name = 'NulInText'
  }
}
