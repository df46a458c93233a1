import { newId, WaybillError } from '@waybill/api'
import { noteChange } from '../audit/note-change.js'
import type { CallContext } from '../context.js'
import { invitationMail } from '../mail/invitation-mail.js'
import { queueMail } from '../mail/queue-mail.js'
import type { Flag } from '../store/schema.js'
import type { Tx } from '../store/store.js'
import { hashToken, newToken } from './secrets/tokens.js'
import { addUser, type NewUser } from './users.js'

const invitationPrefix = 'wbi_'
/** An invitation can be accepted for so long, milliseconds. */
const inForceFor = 14 * 24 * 3_600_000
const betweenMails = 60_000
/** Of one user; the oldest makes way for one more. */
const mostInForce = 20

export interface Invitee extends NewUser {
  /** Words of the inviter. */
  readonly message?: string
  /** False sends no mail. */
  readonly mail?: boolean
}

/**
 * Makes the owner of an email a user of the workspace, at once, and sends an invitation. Answers with the user's
 * id. Rejects as `addUser` does. Checks no rights: who may invite whom is for the caller to know.
 */
export async function inviteUser(tx: Tx, ctx: CallContext, invitee: Invitee): Promise<string> {
  const { email, role, message = '', mail = true } = invitee
  const id = await addUser(tx, ctx.workspace.id, invitee, { email: ctx.caller.email, now: ctx.now })
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'created', details: { email, role, mail } })
  if (mail) await mailInvitation(tx, ctx, id, message)
  return id
}

/**
 * Mails a user a new invitation; those that were sent before stay good. `rate_limited` when one was mailed a moment
 * ago: nobody's mailbox is to be filled from here.
 */
export async function mailInvitation(tx: Tx, ctx: CallContext, user: string, message: string): Promise<void> {
  const { code } = await tx.selectFrom('user').select('code').where('id', '=', user).executeTakeFirstOrThrow()
  const recent = await tx
    .selectFrom('invitation')
    .select('id')
    .where('user', '=', user)
    .where('shown', '=', 0)
    .where('created', '>', ctx.now - betweenMails)
    .executeTakeFirst()
  if (recent !== undefined) {
    throw new WaybillError('rate_limited', 'An invitation was mailed a moment ago; wait a minute')
  }
  const token = await makeInvitation(tx, ctx, user, message, 0)
  const words = { workspace: ctx.workspace.code, inviter: ctx.caller.email, message, token }
  await queueMail(tx, ctx, { recipient: code, ...invitationMail(words) })
}

/**
 * Makes an invitation whose token the caller sees. Having it then proves nothing about the mailbox, so it opens
 * only accounts that nobody has opened yet.
 */
export async function showInvitation(tx: Tx, ctx: CallContext, user: string): Promise<string> {
  const token = await makeInvitation(tx, ctx, user, '', 1)
  await noteChange(tx, ctx, { entitytype: 'user', id: user, change: 'changed', as: 'invitation shown' })
  return token
}

/** Takes back the invitations of a user that were handed to whoever invited. */
export async function forgetShownInvitations(tx: Tx, user: string): Promise<void> {
  await tx
    .deleteFrom('invitation')
    .where('user', '=', user)
    .where('shown', '=', 1)
    .where('accepted', 'is', null)
    .execute()
}

async function makeInvitation(
  tx: Tx,
  ctx: CallContext,
  user: string,
  message: string,
  shown: Flag,
): Promise<string> {
  await makeRoom(tx, user)
  const token = newToken(invitationPrefix)
  await tx
    .insertInto('invitation')
    .values({
      id: newId(ctx.now),
      workspace: ctx.workspace.id,
      user,
      hash: hashToken(token),
      shown,
      message,
      created: ctx.now,
      creator: ctx.caller.email,
      expires: ctx.now + inForceFor,
      accepted: null,
    })
    .execute()
  return token
}

async function makeRoom(tx: Tx, user: string): Promise<void> {
  const before = await tx
    .selectFrom('invitation')
    .select('id')
    .where('user', '=', user)
    .where('accepted', 'is', null)
    .orderBy('id', 'desc')
    .execute()
  const surplus = before.slice(mostInForce - 1).map(({ id }) => id)
  if (surplus.length > 0) await tx.deleteFrom('invitation').where('id', 'in', surplus).execute()
}
