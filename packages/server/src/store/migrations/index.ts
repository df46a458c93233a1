import { type Kysely, type Migration, Migrator, type SchemaModule } from 'kysely'
import type { Schema } from '../schema.js'
import type { Store } from '../store.js'
import { peopleAndPlaces } from './0001-people-and-places.js'
import { jobs } from './0002-jobs.js'
import { peopleAndFiles } from './0003-people-and-files.js'
import { manifests } from './0004-manifests.js'
import { dryRuns } from './0005-dry-runs.js'
import { TableMaker } from './tables.js'

/** In order. A released migration never changes; what it got wrong, the next one mends. */
const migrations: Readonly<Record<string, (make: TableMaker) => Promise<void>>> = {
  '0001-people-and-places': peopleAndPlaces,
  '0002-jobs': jobs,
  '0003-people-and-files': peopleAndFiles,
  '0004-manifests': manifests,
  '0005-dry-runs': dryRuns,
}

/**
 * Brings the schema up to date, all steps or none. Several processes may do so at once: on PostgreSQL an
 * advisory lock lets one at it, on SQLite the file's write lock. Rejects when the database was made by a
 * newer version.
 */
export async function migrate(db: Kysely<Schema>, dialect: Store['dialect']): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(forKysely(dialect)) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  if (!(error instanceof Error)) throw new Error('The database cannot be migrated', { cause: error })
  if (!error.message.startsWith('corrupted migrations')) throw error
  throw new Error('The database was made by another, newer version', { cause: error })
}

function forKysely(dialect: Store['dialect']): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(migrations).map(([name, run]) => [
      name,
      { up: ({ schema }: { readonly schema: SchemaModule }) => run(new TableMaker(schema, dialect)) },
    ]),
  )
}
