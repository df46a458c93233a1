import { WaybillError } from '@waybill/api'
import { tryEmail } from '../../access/emails.js'
import { inviteUser } from '../../access/invitations.js'
import type { CallContext } from '../../context.js'
import type { ShareRow } from '../../locations/directory.js'
import type { Tx } from '../../store/store.js'
import { visibleRows } from '../authority.js'
import { textOf } from '../engine/columns.js'
import { builder } from '../engine/find.js'
import type { Input } from '../operations.js'

export interface Grantee {
  readonly id: string
  readonly code: string
  readonly role: string
  /** Whether this call made the user. */
  readonly invited: boolean
}

/** The user that is named by id or email; an email that is no user yet is invited, unless `invite` is false. */
export async function findOrInvite(tx: Tx, ctx: CallContext, input: Input): Promise<Grantee> {
  const name = textOf(input, 'entity')
    .replace(/^user[:=]/i, '')
    .trim()
  const visible = visibleRows('user', ctx.caller)
  let query = tx
    .selectFrom('user')
    .select(['user.id', 'user.code', 'user.role', 'user.inactive'])
    .where((eb) => eb.or([eb('user.id', '=', name.toLowerCase()), eb('user.code', '=', name.toLowerCase())]))
  if (visible !== undefined) query = query.where(visible(builder))
  const known = await query.executeTakeFirst()
  if (known !== undefined) {
    if (known.inactive === 0) return { ...known, invited: false }
    throw new WaybillError('conflict', `The user ${known.code} was set aside; activate the user first`)
  }
  const email = tryEmail(name)
  if (email === undefined || input.invite === false) {
    throw new WaybillError('not_found', `There is no user ${JSON.stringify(input.entity)}`)
  }
  const message = textOf(input, 'message')
  const id = await inviteUser(tx, ctx, { email, role: 'standard', message })
  return { id, code: email, role: 'standard', invited: true }
}

/** Volumes are for employees, and given by admins; what lies beneath is shared by employees, too. */
export function refuseForRole(ctx: CallContext, user: Omit<Grantee, 'invited'>, share: ShareRow): void {
  if (share.kind === 'volume' && user.role === 'standard') {
    throw new WaybillError(
      'bad_request',
      `${user.code} is a standard user: share a folder beneath ${share.code} instead of the volume`,
    )
  }
  if (ctx.caller.role !== 'admin' && (share.kind === 'volume' || user.role !== 'standard')) {
    throw new WaybillError('forbidden', 'Employees share with standard users, beneath volumes')
  }
}

/** An ACL with its ends. */
export async function readAcl(tx: Tx, id: string) {
  const acl = await tx
    .selectFrom('acl')
    .select(['id', 'paths', 'user', 'share'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (acl === undefined) throw new WaybillError('not_found', `There is no acl with the id ${id}`)
  const users = tx.selectFrom('user').select(['id', 'code', 'role'])
  return {
    acl,
    user: await users.where('id', '=', acl.user).executeTakeFirstOrThrow(),
    share: await tx.selectFrom('share').selectAll().where('id', '=', acl.share).executeTakeFirstOrThrow(),
  }
}
