/** What we use of SQLite; `node:sqlite` and `@photostructure/sqlite` both look like this. */
export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  function(
    name: string,
    options: { readonly deterministic?: boolean },
    body: (...args: readonly never[]) => SqliteValue,
  ): void
  close(): void
}

export interface SqliteStatement {
  all(...parameters: readonly SqliteValue[]): unknown[]
  run(...parameters: readonly SqliteValue[]): {
    readonly changes: number | bigint
    readonly lastInsertRowid: number | bigint
  }
}

export type SqliteValue = string | number | bigint | null | Uint8Array

type DatabaseConstructor = new (path: string) => SqliteDatabase

let loaded: Promise<DatabaseConstructor> | undefined

/** Opens a database file with the SQLite inside Node where there is one, else with the prebuilt addon. */
export async function openDatabase(path: string): Promise<SqliteDatabase> {
  loaded ??= loadSqlite()
  const Database = await loaded
  return new Database(path)
}

async function loadSqlite(): Promise<DatabaseConstructor> {
  // Names in a variable, since the types of Node 20 know no `node:sqlite`.
  for (const name of ['node:sqlite', '@photostructure/sqlite']) {
    const module: unknown = await import(name).catch(() => undefined)
    const found = databaseSync(module)
    if (found !== undefined) return found
  }
  throw new Error('This Node has no SQLite, and the addon @photostructure/sqlite cannot be loaded')
}

function databaseSync(module: unknown): DatabaseConstructor | undefined {
  if (typeof module !== 'object' || module === null || !('DatabaseSync' in module)) return undefined
  // Both packages promise this class; its shape cannot be checked any further from here.
  return typeof module.DatabaseSync === 'function' ? (module.DatabaseSync as DatabaseConstructor) : undefined
}
