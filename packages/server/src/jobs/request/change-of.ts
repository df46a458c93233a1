import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import type { Change } from '../lifecycle/apply-job.js'

/** A transaction of a call, as the lifecycle takes it. */
export function changeOf(ctx: CallContext, tx: Tx): Change {
  return {
    tx,
    workspace: ctx.workspace.id,
    now: ctx.now,
    by: { user: ctx.caller.user, email: ctx.caller.email },
  }
}
