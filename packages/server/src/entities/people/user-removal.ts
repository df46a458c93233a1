import { WaybillError } from '@waybill/api'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import type { UserDeps } from './user-operations.js'
import { activeJobOf, demandAnotherAdmin, readUserFor, refuseOneself, type User } from './user-rules.js'

/** Jobs made while those of before were aborted are aborted, too; but not for ever. */
const rounds = 5

/**
 * Ends a membership: aborts its jobs, deletes its home, ACLs and clients; the account and its keys stay. Answers with
 * the clients that were, whose lines are to be ended.
 */
export async function removeUser(
  { jobs }: UserDeps,
  ctx: CallContext,
  id: string,
): Promise<readonly string[]> {
  refuseOneself(ctx.caller, id, 'delete')
  for (let round = 0; round < rounds; round += 1) {
    // First, so that nothing is aborted for a user that stays.
    const { user, homes } = await ctx.store.transaction(async (tx) => await demandRemovable(tx, ctx, id))
    const why = `The user ${user.code} was deleted`
    await jobs.abortJobsOf(ctx, { entitytype: 'user', id }, why)
    for (const home of homes) await jobs.abortJobsOf(ctx, { entitytype: 'home', id: home }, why)
    const gone = await ctx.store.transaction(async (tx) => {
      await demandRemovable(tx, ctx, id)
      return (await activeJobOf(tx, id)) === undefined ? await deleteRows(tx, ctx, user) : undefined
    })
    if (gone !== undefined) return gone
  }
  throw new WaybillError('conflict', 'The user keeps starting jobs; disable the user, then delete it')
}

async function demandRemovable(tx: Tx, ctx: CallContext, id: string) {
  const user = await readUserFor(tx, ctx, id)
  await demandAnotherAdmin(tx, user, 'deleted')
  const homes = await tx
    .selectFrom('share')
    .select('id')
    .where('kind', '=', 'home')
    .where('user', '=', id)
    .execute()
  return { user, homes: homes.map((home) => home.id) }
}

async function deleteRows(tx: Tx, ctx: CallContext, { id, code }: User): Promise<readonly string[]> {
  const homes = await tx
    .deleteFrom('share')
    .where('kind', '=', 'home')
    .where('user', '=', id)
    .returning('id')
    .execute()
  for (const home of homes) {
    await noteChange(tx, ctx, { entitytype: 'home', id: home.id, change: 'deleted', details: { user: code } })
  }
  // An agent registers anew when its account is invited again: a client belongs to one membership.
  const clients = await tx.deleteFrom('client').where('user', '=', id).returning('id').execute()
  const held = [id, ...homes.map((home) => home.id)]
  await tx.deleteFrom('setting').where('entity', 'in', held).execute()
  // An invitation that is still in the outbox would lead nowhere.
  await tx.deleteFrom('mail').where('recipient', '=', code).where('sent', 'is', null).execute()
  await tx.deleteFrom('user').where('id', '=', id).execute()
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'deleted', details: { code } })
  return clients.map((client) => client.id)
}
