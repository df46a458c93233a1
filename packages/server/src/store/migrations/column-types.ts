import { type RawBuilder, sql } from 'kysely'
import type { Store } from '../store.js'

/** The column types of a database. Text compares byte by byte on both, so that keys page in one order. */
export interface ColumnTypes {
  readonly text: 'text' | RawBuilder<unknown>
  /** Whole numbers up to 2^53: moments, bytes, counters, flags. */
  readonly integer: 'integer' | 'bigint'
  readonly number: 'real' | 'double precision'
  /** A primary key that counts up and never gives a number twice. */
  readonly counter: RawBuilder<unknown>
  /** What stands after a table's columns. */
  readonly tableEnd: RawBuilder<unknown>
}

export const columnTypes: Readonly<Record<Store['dialect'], ColumnTypes>> = {
  sqlite: {
    text: 'text',
    integer: 'integer',
    number: 'real',
    counter: sql`integer primary key autoincrement`,
    // Strict tables refuse what PostgreSQL would refuse: text in a number, half a millisecond.
    tableEnd: sql`strict`,
  },
  postgres: {
    text: sql`text collate "C"`,
    integer: 'bigint',
    number: 'double precision',
    counter: sql`bigint generated always as identity primary key`,
    tableEnd: sql``,
  },
}
