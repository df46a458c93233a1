import { type ColumnDefinitionBuilder, type CreateTableBuilder, type SchemaModule, sql } from 'kysely'
import type { Store } from '../store.js'
import { type ColumnTypes, columnTypes } from './column-types.js'

export interface Column {
  readonly kind: 'text' | 'integer' | 'number' | 'counter'
  readonly nullable?: true
  readonly primary?: true
  /** The table whose row owns this one: when that goes, this goes. */
  readonly owner?: string
  /** The owner is of the same workspace, which the database sees to. */
  readonly within?: true
}

export const id: Column = { kind: 'text', primary: true }
export const counter: Column = { kind: 'counter' }
export const text: Column = { kind: 'text' }
export const textOrNull: Column = { kind: 'text', nullable: true }
export const integer: Column = { kind: 'integer' }
export const integerOrNull: Column = { kind: 'integer', nullable: true }
export const number: Column = { kind: 'number' }
export const numberOrNull: Column = { kind: 'number', nullable: true }
export const ownedBy = (table: string): Column => ({ kind: 'text', owner: table })
/** The owner needs a unique index on (workspace, id), this table one that starts with (workspace, column). */
export const partOf = (table: string): Column => ({ kind: 'text', owner: table, within: true })

/** Makes tables and indices, so that a migration is written once for both databases. */
export class TableMaker {
  readonly #schema: SchemaModule
  readonly #types: ColumnTypes

  constructor(schema: SchemaModule, dialect: Store['dialect']) {
    this.#schema = schema
    this.#types = columnTypes[dialect]
  }

  async table(
    name: string,
    columns: Readonly<Record<string, Column>>,
    primaryKey: readonly string[] = [],
  ): Promise<void> {
    let table: CreateTableBuilder<string, string> = this.#schema.createTable(name)
    for (const [key, column] of Object.entries(columns)) {
      table = table.addColumn(key, this.#types[column.kind], (built) => constraints(built, column))
      const { owner, within } = column
      if (owner === undefined) continue
      const [from, to] = within
        ? [
            ['workspace', key],
            ['workspace', 'id'],
          ]
        : [[key], ['id']]
      table = table.addForeignKeyConstraint(`${name}_${key}_fkey`, from, owner, to, (built) =>
        built.onDelete('cascade'),
      )
    }
    if (primaryKey.length > 0) table = table.addPrimaryKeyConstraint(`${name}_pkey`, [...primaryKey])
    await table.modifyEnd(this.#types.tableEnd).execute()
  }

  /** Adds a column to a table that is there; without a default, rows have null in it. */
  async column(
    table: string,
    name: string,
    kind: 'text' | 'integer',
    fallback?: string | number,
  ): Promise<void> {
    await this.#schema
      .alterTable(table)
      .addColumn(name, this.#types[kind], (built) =>
        fallback === undefined ? built : built.notNull().defaultTo(fallback),
      )
      .execute()
  }

  /** Columns may be followed by `desc`. */
  async index(table: string, columns: readonly string[]): Promise<void> {
    await this.#schema
      .createIndex(indexName(table, columns, 'idx'))
      .on(table)
      .columns([...columns])
      .execute()
  }

  /** With `among`, only rows where that holds have to differ. */
  async unique(
    table: string,
    columns: readonly string[],
    among?: { readonly column: string; readonly is: string | number },
  ): Promise<void> {
    const name = indexName(table, among === undefined ? columns : [...columns, among.column], 'key')
    const index = this.#schema
      .createIndex(name)
      .unique()
      .on(table)
      .columns([...columns])
    await (among === undefined ? index : index.where(sql.ref(among.column), '=', among.is)).execute()
  }
}

function constraints(built: ColumnDefinitionBuilder, column: Column): ColumnDefinitionBuilder {
  // A counter's type says all of it.
  if (column.kind === 'counter') return built
  const result = column.nullable ? built : built.notNull()
  return column.primary ? result.primaryKey() : result
}

/** `task`, its columns `workspace, job, seq desc` and `idx` make `task_job_seq_idx`. */
function indexName(table: string, columns: readonly string[], end: 'idx' | 'key'): string {
  const names = columns.map((column) => column.replace(/ desc$/, '')).filter((name) => name !== 'workspace')
  return [table, ...names, end].join('_')
}
