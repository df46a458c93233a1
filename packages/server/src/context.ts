import type { Role } from '@waybill/api'
import type { WorkspaceStore } from './store/store.js'

/** Who calls: an authenticated, enabled member of the workspace. */
export interface Caller {
  readonly user: string
  readonly account: string
  readonly email: string
  readonly role: Role
}

/** One call, as every operation gets it. Rights are checked by the operation that reads or changes data. */
export interface CallContext {
  readonly workspace: { readonly id: string; readonly code: string }
  readonly store: WorkspaceStore
  readonly caller: Caller
  /** What the calling program says of itself, and its IP address; for the audit log. */
  readonly device: string
  readonly address: string
  /** Milliseconds since 1970; one moment for the whole call. */
  readonly now: number
}

/** A clock that tests can move. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
