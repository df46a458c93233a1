import type { FastifyBaseLogger } from 'fastify'
import type { Authenticator } from '../access/authenticate.js'
import type { AgentHub } from '../agents/hub.js'
import type { Clock } from '../context.js'
import type { JobService } from '../jobs/service.js'
import type { Store } from '../store/store.js'

/** What the wire endpoint stands on. */
export interface ServerDeps {
  readonly store: Store
  readonly authenticator: Authenticator
  readonly hub: AgentHub
  readonly jobs: JobService
  readonly clock: Clock
  /** A pino logger; nothing is logged when absent. */
  readonly logger?: FastifyBaseLogger
  /** Shown by `/health`. */
  readonly version?: string
}
