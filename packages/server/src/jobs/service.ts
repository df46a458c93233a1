import type { CallContext } from '../context.js'
import type { EntityOperations, Input } from '../entities/operations.js'

/** What jobs/ offers to the entity engine: the operations of transfers, tasks and queues. */
export interface JobService {
  readonly transfer: EntityOperations
  readonly queue: EntityOperations
  readonly task: EntityOperations & {
    /** The group update: each item has `id` or `uri`; answers with the ids in the same order. */
    updateMany(ctx: CallContext, job: string, items: readonly Input[]): Promise<readonly string[]>
  }
  /** A user, client, share, site or queue was changed: jobs that it holds up, or stops, are looked at again. */
  touched(workspace: string, what: { readonly entitytype: string; readonly id: string }): void
  /** Aborts the live jobs of, from or to an entity that is being deleted. */
  abortJobsOf(
    ctx: CallContext,
    what: { readonly entitytype: string; readonly id: string },
    why: string,
  ): Promise<void>
}
