import { Kysely } from 'kysely'
import { sqliteFunctions } from '../../query/sqlite-functions.js'
import { migrate } from '../migrations/index.js'
import type { Schema } from '../schema.js'
import type { Store } from '../store.js'
import { workspaceStore } from '../workspace-store.js'
import { patiently } from './busy.js'
import { openDatabase, type SqliteDatabase } from './database.js'
import { SqliteDialect } from './dialect.js'
import { SqliteHandle } from './handle.js'

/**
 * Opens (and makes, when there is none) the database in a file. What was committed survives a power cut.
 * Several processes may have the file open; the file system must be a local one.
 */
export async function openSqlite(path: string): Promise<Store> {
  if (path === '' || path === ':memory:') throw new Error('The database needs a file')
  const writer = await openDatabase(path)
  await patiently(() => configure(writer))
  const reader = await openDatabase(path)
  await patiently(() => configure(reader))
  reader.exec('pragma query_only = on')
  const installation = new Kysely<Schema>({
    dialect: new SqliteDialect({ writer: new SqliteHandle(writer), reader: new SqliteHandle(reader) }),
  })
  return {
    dialect: 'sqlite',
    installation,
    workspace: (id) => workspaceStore(installation, 'sqlite', id),
    migrate: () => migrate(installation, 'sqlite'),
    close: () => installation.destroy(),
  }
}

function configure(database: SqliteDatabase): void {
  // Long enough for the moments in which SQLite locks the file itself; longer waits are patiently().
  database.exec('pragma busy_timeout = 20')
  database.exec('pragma journal_mode = wal')
  // WAL without FULL may forget the last commits in a power cut.
  database.exec('pragma synchronous = full')
  database.exec('pragma foreign_keys = on')
  for (const [name, body] of Object.entries(sqliteFunctions)) {
    database.function(name, { deterministic: true }, body)
  }
}
