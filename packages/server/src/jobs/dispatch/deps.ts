import type { AgentHub } from '../../agents/hub.js'
import type { Clock } from '../../context.js'
import type { Store } from '../../store/store.js'

/** What the dispatching parts stand on. */
export interface DispatchDeps {
  readonly store: Store
  readonly hub: AgentHub
  readonly clock: Clock
  /** Name of this control-plane process, unique among nodes and restarts. */
  readonly owner: string
  /** Ports that listeners may use, first and last. */
  readonly ports: readonly [number, number]
  readonly log: (message: string, error?: unknown) => void
}
