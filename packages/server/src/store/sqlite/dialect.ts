import {
  type CompiledQuery,
  type DatabaseConnection,
  DeleteQueryNode,
  type Dialect,
  type Driver,
  InsertQueryNode,
  type Kysely,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  UpdateQueryNode,
} from 'kysely'
import { toStoreError } from '../faults.js'
import { withinTransaction } from '../transactions.js'
import { Turns } from '../turns.js'
import { patiently } from './busy.js'
import type { SqliteHandle } from './handle.js'

/** The two handles on one database file, in WAL mode: readers and the one writer do not block each other. */
export interface SqliteHandles {
  readonly writer: SqliteHandle
  readonly reader: SqliteHandle
}

/**
 * Kysely on SQLite. Changes and transactions take turns on the writing handle; a plain query reads what is
 * committed, through the other handle, without waiting for anybody: as on PostgreSQL.
 */
export class SqliteDialect implements Dialect {
  readonly #handles: SqliteHandles

  constructor(handles: SqliteHandles) {
    this.#handles = handles
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#handles)
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter()
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db)
  }
}

/** SQLite changes its schema in transactions, which also keeps two processes from migrating at once. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class SqliteDriver implements Driver {
  readonly #handles: SqliteHandles
  readonly #turns = new Turns()

  constructor(handles: SqliteHandles) {
    this.#handles = handles
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(new SqliteConnection(this.#handles, this.#turns))
  }

  beginTransaction(connection: SqliteConnection): Promise<void> {
    return connection.begin()
  }

  commitTransaction(connection: SqliteConnection): Promise<void> {
    return connection.commit()
  }

  rollbackTransaction(connection: SqliteConnection): Promise<void> {
    return connection.rollback()
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve()
  }

  destroy(): Promise<void> {
    this.#handles.reader.close()
    this.#handles.writer.close()
    return Promise.resolve()
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #handles: SqliteHandles
  readonly #turns: Turns
  /** Ends this connection's turn at writing; there while it is in a transaction. */
  #endTurn: (() => void) | undefined

  constructor(handles: SqliteHandles, turns: Turns) {
    this.#handles = handles
    this.#turns = turns
  }

  async begin(): Promise<void> {
    const endTurn = await this.#turn()
    try {
      // Immediate: a transaction that read first and then finds that it may not write would have to fail.
      await patiently(() => this.#handles.writer.change('begin immediate', []))
    } catch (error) {
      endTurn()
      throw error
    }
    this.#endTurn = endTurn
  }

  async commit(): Promise<void> {
    await patiently(() => this.#handles.writer.change('commit', []))
    this.#end()
  }

  /** Also after a commit that failed, and after errors on which SQLite has rolled back by itself. */
  async rollback(): Promise<void> {
    try {
      await patiently(() => this.#handles.writer.change('rollback', []))
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error
    } finally {
      this.#end()
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.#execute<R>(query)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  async #execute<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#endTurn !== undefined) return run<R>(this.#handles.writer, query)
    if (SelectQueryNode.is(query.query)) return run<R>(this.#handles.reader, query)
    const endTurn = await this.#turn()
    try {
      return await patiently(() => run<R>(this.#handles.writer, query))
    } finally {
      endTurn()
    }
  }

  // biome-ignore lint/correctness/useYield: there is nothing to give, it only refuses.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    await Promise.reject(new Error('Rows are not streamed: read them page by page, by key'))
  }

  #end(): void {
    this.#endTurn?.()
    this.#endTurn = undefined
  }

  async #turn(): Promise<() => void> {
    if (withinTransaction()) {
      throw new Error('A change beside the open transaction would wait for it for ever: make it through `tx`')
    }
    return this.#turns.take()
  }
}

function run<R>(handle: SqliteHandle, { sql, parameters, query }: CompiledQuery): QueryResult<R> {
  const isChange = InsertQueryNode.is(query) || UpdateQueryNode.is(query) || DeleteQueryNode.is(query)
  if (isChange && query.returning === undefined) {
    return { rows: [], numAffectedRows: handle.change(sql, parameters) }
  }
  // The type of rows is what kysely derived from the query that it built.
  const rows = handle.rows(sql, parameters) as R[]
  return isChange ? { rows, numAffectedRows: BigInt(rows.length) } : { rows }
}
