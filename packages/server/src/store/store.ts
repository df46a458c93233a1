import type { Kysely } from 'kysely'
import type { Schema } from './schema.js'

/**
 * The seam between the control plane and its database. SQLite and PostgreSQL implement it and pass the same
 * conformance suite.
 */
export interface Store {
  readonly dialect: 'sqlite' | 'postgres'
  /** Tables of the installation (accounts, keys, workspaces). Narrowed to no workspace: for access/ only. */
  readonly installation: Kysely<Schema>
  /** The tables of one workspace: every read, change and insert through it is narrowed to that workspace. */
  workspace(id: string): WorkspaceStore
  /** Brings the schema up to date; may be called any number of times, by several nodes at once. */
  migrate(): Promise<void>
  close(): Promise<void>
}

export type Tx = Kysely<Schema>

export interface WorkspaceStore {
  readonly id: string
  readonly dialect: 'sqlite' | 'postgres'
  readonly db: Kysely<Schema>
  /**
   * Runs `work` in one transaction. Retried when the database says that two collided, so `work` must have no
   * effects outside of it. On SQLite transactions run one after the other: never wait for anything but the
   * database within.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}
