import { type Role, roles, WaybillError } from '@waybill/api'
import type { CallContext, Caller } from '../../context.js'
import type { Tx } from '../../store/store.js'

/** What is checked, within the transaction of a change, about the users that it concerns. */

export type User = Awaited<ReturnType<typeof readUser>>

async function readUser(tx: Tx, id: string) {
  const user = await tx
    .selectFrom('user')
    .select(['id', 'code', 'role', 'status', 'inactive'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (user === undefined) throw noUser(id)
  return user
}

/** A user that the caller may deal with, by what both of them are now: a role may have changed since the login. */
export async function readUserFor(tx: Tx, { caller }: CallContext, id: string): Promise<User> {
  await demandSameCaller(tx, caller)
  const user = await readUser(tx, id)
  const within = caller.role === 'admin' || user.id === caller.user
  if (within || (caller.role === 'employee' && user.role === 'standard')) return user
  throw noUser(id)
}

function noUser(id: string): WaybillError {
  return new WaybillError('not_found', `There is no user with the id ${id}`)
}

/** Refuses a caller who has another role by now, or is out: two admins must not demote each other at once. */
export async function demandSameCaller(tx: Tx, caller: Caller): Promise<void> {
  const now = await tx
    .selectFrom('user')
    .select('id')
    .where('id', '=', caller.user)
    .where('role', '=', caller.role)
    .where('status', '=', 'enabled')
    .where('inactive', '=', 0)
    .executeTakeFirst()
  if (now === undefined) throw new WaybillError('forbidden', 'Your own rights have just changed')
}

/** A role that the caller may give to, or take from, somebody: employees deal with standard users only. */
export function roleFor(caller: Caller, value: unknown): Role {
  const role = roles.find((one) => one === value)
  if (role === undefined) throw new WaybillError('bad_request', `A role is one of ${roles.join(', ')}`)
  if (caller.role === 'admin' || role === 'standard') return role
  throw new WaybillError('forbidden', 'Employees invite, change and delete standard users only')
}

/** Nobody locks themselves out by mistake. */
export function refuseOneself(caller: Caller, user: string, doing: string): void {
  if (user === caller.user) throw new WaybillError('forbidden', `You cannot ${doing} yourself`)
}

/** Refuses to lose the last admin who can log in. */
export async function demandAnotherAdmin(tx: Tx, user: User, done: string): Promise<void> {
  if (user.role !== 'admin') return
  const other = await tx
    .selectFrom('user')
    .select('id')
    .where('role', '=', 'admin')
    .where('status', '=', 'enabled')
    .where('inactive', '=', 0)
    .where('id', '<>', user.id)
    .executeTakeFirst()
  if (other !== undefined) return
  throw new WaybillError('forbidden', `${user.code} is the last admin and cannot be ${done}`)
}

/** A live transfer that a user made, or is a party of. */
export async function activeJobOf(tx: Tx, user: string) {
  return await tx
    .selectFrom('job')
    .select(['id', 'name'])
    .where('kind', '=', 'transfer')
    .where('population', '=', 'live')
    .where((eb) =>
      eb.or([
        eb('user', '=', user),
        eb.and([eb('source_type', '=', 'user'), eb('source_id', '=', user)]),
        eb.and([eb('destination_type', '=', 'user'), eb('destination_id', '=', user)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
}
