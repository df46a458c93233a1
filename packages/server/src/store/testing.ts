import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from './sqlite/index.js'
import type { Store } from './store.js'

/** A kind of database that tests run on: `describe.each(testDatabases())('$name', ...)`. */
export interface TestDatabaseKind {
  readonly name: Store['dialect']
  /** Why there is none here; for `describe.skipIf`. */
  readonly missing: string | undefined
  /** A new, empty database with its schema; call `drop` when done, also after a failure. */
  create(): Promise<TestDatabase>
}

export interface TestDatabase {
  readonly store: Store
  /** Opens the same database a second time, as another process would; closed by `drop` too. */
  reopen(): Promise<Store>
  drop(): Promise<void>
}

/** The kinds of database that there are on this machine. */
export function testDatabases(): readonly TestDatabaseKind[] {
  return [{ name: 'sqlite', missing: undefined, create: createSqlite }]
}

/** A new SQLite database in a directory of its own. */
export async function createSqlite(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-store-'))
  const open: Store[] = []
  const reopen = async () => {
    const store = await openSqlite(join(directory, 'waybill.db'))
    open.push(store)
    return store
  }
  const store = await reopen()
  await store.migrate()
  return {
    store,
    reopen,
    drop: async () => {
      await Promise.all(open.map((each) => each.close()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
