import { formatDate, isEntityId, newId, WaybillError } from '@waybill/api'
import { tryEmail } from '../../access/emails.js'
import { inviteUser } from '../../access/invitations.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'

/** As clients read it: the user's id and email, and when the user did something about it. */
export interface Recipient {
  readonly user: string
  readonly user_hr: string
  readonly actioned: string | null
}

interface Person {
  readonly id: string
  readonly code: string
}

/** Who gets to know of a transfer: the user that it goes to, and those that were added. */
export async function listRecipients(ctx: CallContext, job: string): Promise<readonly Recipient[]> {
  const { db } = ctx.store
  const receiver = await receiverOf(db, job)
  const added = await db
    .selectFrom('recipient')
    .innerJoin('user', 'user.id', 'recipient.user')
    .select(['user.id', 'user.code', 'recipient.actioned'])
    .where('recipient.job', '=', job)
    .orderBy('recipient.id')
    .execute()
  const others = added.filter(({ id }) => id !== receiver?.id)
  return [...(receiver === undefined ? [] : [{ ...receiver, actioned: null }]), ...others].map(
    ({ id, code, actioned }) => ({
      user: id,
      user_hr: code,
      actioned: actioned === null ? null : formatDate(actioned),
    }),
  )
}

/**
 * Adds a user, who sees the transfer from then on; no harm when it is one already. An unknown email is invited
 * as a standard user, unless `invite` is false. Callers have to be operators, or to have made the transfer.
 */
export async function addRecipient(
  ctx: CallContext,
  job: string,
  named: string,
  invite: boolean,
): Promise<void> {
  await ctx.store.transaction(async (tx) => {
    await demandSender(tx, ctx, job)
    const person = (await findPerson(tx, ctx, named)) ?? (await invited(tx, ctx, named, invite))
    const fresh = await tx
      .insertInto('recipient')
      .values({
        id: newId(ctx.now),
        workspace: ctx.workspace.id,
        job,
        user: person.id,
        actioned: null,
        created: ctx.now,
        creator: ctx.caller.email,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute()
    if (fresh.length > 0) await note(tx, ctx, job, 'recipient added', person.code)
  })
}

/** Takes a recipient off the list again. Who receives the files cannot be taken off. */
export async function removeRecipient(ctx: CallContext, job: string, named: string): Promise<void> {
  await ctx.store.transaction(async (tx) => {
    await demandSender(tx, ctx, job)
    const person = await findPerson(tx, ctx, named)
    const receiver = await receiverOf(tx, job)
    if (person !== undefined && person.id === receiver?.id) {
      throw new WaybillError('conflict', `${person.code} receives the files; abort the transfer instead`)
    }
    const gone = await tx
      .deleteFrom('recipient')
      .where('job', '=', job)
      .where('user', '=', person?.id ?? '')
      .returning('id')
      .execute()
    if (person === undefined || gone.length === 0) {
      throw new WaybillError('not_found', `${JSON.stringify(named)} is no recipient of this transfer`)
    }
    await note(tx, ctx, job, 'recipient removed', person.code)
  })
}

async function demandSender(tx: Tx, { caller }: CallContext, job: string): Promise<void> {
  if (caller.role !== 'standard') return
  const row = await tx.selectFrom('job').select('user').where('id', '=', job).executeTakeFirst()
  if (row?.user === caller.user) return
  throw new WaybillError('forbidden', 'Recipients are chosen by operators, and by who made the transfer')
}

/** A user that is named by id or email, with or without `user:` in front. Nobody else's are known to standard users. */
async function findPerson(tx: Tx, { caller }: CallContext, named: string): Promise<Person | undefined> {
  const name = nameOf(named)
  const found = await tx
    .selectFrom('user')
    .select(['id', 'code', 'inactive'])
    .where(isEntityId(name) ? 'id' : 'code', '=', name)
    .executeTakeFirst()
  if (found === undefined) return undefined
  // An id that somebody does not see is nobody's; an email one knows already, and can be added.
  if (isEntityId(name) && caller.role === 'standard' && name !== caller.user) return undefined
  if (found.inactive === 1) throw new WaybillError('conflict', `${found.code} was set aside`)
  return found
}

async function invited(tx: Tx, ctx: CallContext, named: string, invite: boolean): Promise<Person> {
  const email = tryEmail(nameOf(named))
  if (email === undefined || !invite) {
    throw new WaybillError('not_found', `There is no user ${JSON.stringify(named)}`)
  }
  if (ctx.caller.role === 'standard') {
    throw new WaybillError('forbidden', 'People are invited by operators only')
  }
  return { id: await inviteUser(tx, ctx, { email, role: 'standard' }), code: email }
}

function nameOf(named: string): string {
  return named
    .replace(/^user[:=]/, '')
    .trim()
    .toLowerCase()
}

async function receiverOf(db: Tx, job: string): Promise<Person | undefined> {
  return await db
    .selectFrom('job')
    .innerJoin('user', 'user.id', 'job.destination_id')
    .select(['user.id', 'user.code'])
    .where('job.id', '=', job)
    .where('job.destination_type', '=', 'user')
    .executeTakeFirst()
}

async function note(tx: Tx, ctx: CallContext, job: string, as: string, email: string): Promise<void> {
  await noteChange(tx, ctx, { entitytype: 'transfer', id: job, change: 'changed', as, details: { email } })
}
