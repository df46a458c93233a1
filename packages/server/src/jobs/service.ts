import type { CallContext } from '../context.js'
import type { EntityOperations, Input } from '../entities/operations.js'
import type { Choice } from './request/receive.js'

/** What jobs/ offers to the entity engine: the operations of transfers, tasks and queues. */
export interface JobService {
  readonly transfer: EntityOperations & {
    /** The receiver of a job chooses where its files go. */
    receive(ctx: CallContext, job: string, choice: Choice): Promise<void>
  }
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
