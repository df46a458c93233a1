import { WaybillError } from '@waybill/api'
import { noteChange } from '../audit/note-change.js'
import type { CallContext } from '../context.js'
import type { Tx } from '../store/store.js'
import { beyondWorkspace } from '../store/workspace-store.js'
import { createKeyIn, type KeyInfo, type KeyOptions, keysOf, type NewKey, revokeKeyIn } from './keys.js'
import { auditAccount } from './memberships.js'

/**
 * API keys as their owners and admins deal with them over the wire. An account belongs to a person and reaches into
 * every workspace that the person is a user of, so nobody but its owner makes keys of the account itself. What an
 * admin makes for somebody is bound to the admin's workspace, where an admin may do everything anyway; such keys,
 * and no others, are what admins list and revoke.
 */

export type KeyWish = Pick<KeyOptions, 'name' | 'expires' | 'addresses'>

/** Makes a key of the caller's own account, or, for admins, one of `user` (an id) that is bound to the workspace. */
export async function makeKey(ctx: CallContext, wish: KeyWish, user?: string): Promise<NewKey> {
  demandUnrestricted(ctx, 'makes other API keys')
  return await ctx.store.transaction(async (tx) => {
    const own = user === undefined || user === ctx.caller.user
    const { email } = own ? ctx.caller : await demandSubject(tx, ctx, user)
    const options = { ...wish, now: ctx.now, ...(own ? {} : { boundTo: ctx.workspace.id }) }
    const made = await createKeyIn(beyondWorkspace(tx), email, options)
    await note(tx, ctx, own ? undefined : user, 'key created', { key: made.id, ...wish })
    return made
  })
}

/** The caller's own keys, or those that admins of the workspace made for `user`. */
export async function findKeys(ctx: CallContext, user?: string): Promise<readonly KeyInfo[]> {
  const { caller, store, workspace } = ctx
  const db = beyondWorkspace(store.db)
  if (user !== undefined && user !== caller.user) {
    const { account } = await demandSubject(store.db, ctx, user)
    return await keysOf(db, account, workspace.id)
  }
  const keys = await keysOf(db, caller.account)
  // A key that was handed to somebody for one purpose tells nothing of the others.
  return caller.credential?.restricted === true ? keys.filter(({ id }) => id === caller.credential?.id) : keys
}

/** Ends a key: one's own, or one that admins of the workspace made. `not_found` for all others. */
export async function endKey(ctx: CallContext, id: string): Promise<void> {
  const { caller, workspace } = ctx
  await ctx.store.transaction(async (tx) => {
    const db = beyondWorkspace(tx)
    const key = await db
      .selectFrom('api_key')
      .select(['account', 'bound_to', 'name'])
      .where('id', '=', id)
      .executeTakeFirst()
    const own = key?.account === caller.account
    const bound = caller.role === 'admin' && key?.bound_to === workspace.id
    if (key === undefined || !(own || bound)) {
      throw new WaybillError('not_found', `There is no API key ${JSON.stringify(id.slice(0, 100))}`)
    }
    // Whoever finds a restricted key may end that one, but not lock its owner out.
    if (caller.credential?.id !== id) demandUnrestricted(ctx, 'revokes other API keys')
    await revokeKeyIn(db, id, ctx.now)
    const user = own ? undefined : await userOf(tx, key.account)
    await note(tx, ctx, user, 'key revoked', { key: id, name: key.name })
  })
}

/** Refuses keys that end, or that are for some addresses or one workspace: they would outgrow themselves. */
export function demandUnrestricted({ caller }: CallContext, doing: string): void {
  if (caller.credential?.restricted !== true) return
  throw new WaybillError(
    'forbidden',
    `An API key that is restricted to a time, addresses or a workspace never ${doing}; use another one`,
  )
}

async function demandSubject(tx: Tx, { caller }: CallContext, user: string) {
  if (caller.role !== 'admin') {
    throw new WaybillError('forbidden', 'API keys of others are dealt with by admins only')
  }
  const found = await tx
    .selectFrom('user')
    .select(['code as email', 'account'])
    .where((eb) => eb.or([eb('id', '=', user), eb('code', '=', user.toLowerCase())]))
    .executeTakeFirst()
  if (found !== undefined) return found
  throw new WaybillError('not_found', `There is no user ${JSON.stringify(user.slice(0, 100))}`)
}

async function userOf(tx: Tx, account: string): Promise<string | undefined> {
  const user = await tx.selectFrom('user').select('id').where('account', '=', account).executeTakeFirst()
  return user?.id
}

/** A key of an account concerns all its workspaces; one that is bound to this workspace nobody else. */
async function note(
  tx: Tx,
  ctx: CallContext,
  user: string | undefined,
  as: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (user !== undefined) {
    await noteChange(tx, ctx, { entitytype: 'user', id: user, change: 'changed', as, details })
    return
  }
  const account = { id: ctx.caller.account, email: ctx.caller.email }
  await auditAccount(beyondWorkspace(tx), account, ctx, { change: as, details })
}
