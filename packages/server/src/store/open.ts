import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openPostgres } from './postgres/index.js'
import { openSqlite } from './sqlite/index.js'
import type { Store } from './store.js'

/** Where the database is: a PostgreSQL URL, or the directory that SQLite's file is kept in. */
export type StoreLocation = { readonly databaseUrl: string } | { readonly data: string }

/** Opens the store without bringing its schema up to date. */
export async function openStore(location: StoreLocation): Promise<Store> {
  if ('databaseUrl' in location) return openPostgres(location.databaseUrl)
  // Keys' hashes and everybody's paths are inside: nobody else's to read.
  await mkdir(location.data, { recursive: true, mode: 0o700 })
  return openSqlite(join(location.data, 'waybill.db'))
}
