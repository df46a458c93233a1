import { type CompiledQuery, type DatabaseConnection, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { toStoreError } from '../faults.js'
import { migrate } from '../migrations/index.js'
import type { Schema } from '../schema.js'
import type { Store } from '../store.js'
import { workspaceStore } from '../workspace-store.js'

const STATEMENT_TIMEOUT_MS = 30_000
const POOL_SIZE = 10

/** Opens a PostgreSQL database by its URL (`postgres://user:password@host/database`). */
export function openPostgres(url: string): Store {
  const installation = connect(url, { max: POOL_SIZE, statement_timeout: STATEMENT_TIMEOUT_MS })
  return {
    dialect: 'postgres',
    installation,
    workspace: (id) => workspaceStore(installation, 'postgres', id),
    migrate: async () => {
      // Without a time limit: building an index may take longer, and so may waiting for another node.
      const patient = connect(url, { max: 1 })
      try {
        await migrate(patient, 'postgres')
      } finally {
        await patient.destroy()
      }
    },
    close: () => installation.destroy(),
  }
}

function connect(url: string, options: pg.PoolConfig): Kysely<Schema> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'waybill',
    types: exactNumbers(),
    ...options,
  })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool, onCreateConnection: translateErrors }),
  })
}

/** Numbers of 64 bits as JavaScript's, in this pool only; sums of them come as `numeric`. */
function exactNumbers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, exactNumber)
  types.setTypeParser(pg.types.builtins.NUMERIC, exactNumber)
  return types
}

function exactNumber(value: string): number {
  const number = Number(value)
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new RangeError(`The database holds ${value}, which is too large to be exact`)
  }
  return number
}

function translateErrors(connection: DatabaseConnection): Promise<void> {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = async <R>(query: CompiledQuery) => {
    try {
      return await execute<R>(query)
    } catch (error) {
      throw toStoreError(error)
    }
  }
  return Promise.resolve()
}
