import type { Role } from '@waybill/api'
import type { WorkspaceStore } from './store/store.js'

/** Who calls: an authenticated, enabled member of the workspace. */
export interface Caller {
  readonly user: string
  readonly account: string
  readonly email: string
  readonly role: Role
  /** What the call was let in by; absent where it was not a key or session (in tests). */
  readonly credential?: Credential
}

/** An API key or web session, by its id. */
export interface Credential {
  readonly kind: 'key' | 'session'
  readonly id: string
  /** A key that ends, that is for some addresses or for one workspace: it makes no other keys. */
  readonly restricted: boolean
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
