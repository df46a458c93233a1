import type { Kysely } from 'kysely'
import { WorkspacePlugin } from './narrowing/plugin.js'
import type { Schema } from './schema.js'
import type { Store, Tx, WorkspaceStore } from './store.js'
import { inTransaction } from './transactions.js'

/** The store of one workspace on top of the installation's tables. */
export function workspaceStore(
  installation: Kysely<Schema>,
  dialect: Store['dialect'],
  id: string,
): WorkspaceStore {
  const db = installation.withPlugin(new WorkspacePlugin(id))
  return { id, dialect, db, transaction: (work) => inTransaction(db, work) }
}

/**
 * The same transaction, narrowed to no workspace. For access/ only, which keeps accounts beside the
 * memberships that workspaces have of them.
 */
export function beyondWorkspace(tx: Tx): Tx {
  return tx.withoutPlugins()
}
