import type { Authenticator } from '../access/authenticate.js'
import type { AgentHub } from '../agents/hub.js'
import type { Clock } from '../context.js'
import type { JobService } from '../jobs/service.js'
import type { Store } from '../store/store.js'
import type { EndpointLimits } from './limits/limits.js'
import type { Strangers } from './limits/strangers.js'

/** What the wire endpoint stands on. */
export interface ServerDeps {
  readonly store: Store
  readonly authenticator: Authenticator
  readonly hub: AgentHub
  readonly jobs: JobService
  readonly clock: Clock
  /** Told of faults of ours, a line of JSON each. */
  readonly logFault?: (line: string) => void
  /** Shown by `/health`. */
  readonly version?: string
  /** Those that differ from the usual ones. */
  readonly limits?: Partial<EndpointLimits>
  /** Told of connections that logged in. */
  readonly strangers?: Strangers
}
