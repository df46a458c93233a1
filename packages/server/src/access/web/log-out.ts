import type { CallContext } from '../../context.js'
import { beyondWorkspace } from '../../store/workspace-store.js'
import { auditAccount } from '../memberships.js'
import { endSession } from './sessions.js'

/** Ends one of the caller's own web sessions; `not_found` when there is none with this id. */
export async function logOut(ctx: CallContext, session: string): Promise<void> {
  const account = { id: ctx.caller.account, email: ctx.caller.email }
  await ctx.store.transaction(async (tx) => {
    const db = beyondWorkspace(tx)
    await endSession(db, account.id, session)
    await auditAccount(db, account, ctx, { change: 'logged out', details: { session } })
  })
}
