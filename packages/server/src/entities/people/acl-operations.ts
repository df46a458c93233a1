import { newId, WaybillError } from '@waybill/api'
import { tryEmail } from '../../access/emails.js'
import { type Grant, parseGrants, segments } from '../../access/grants.js'
import { addUser } from '../../access/users.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import { demandOperator, rowsVisibleTo } from '../authority.js'
import { changedBy, flag, madeBy, textOf } from '../engine/columns.js'
import { builder } from '../engine/find.js'
import type { EntityOperations, Input } from '../operations.js'

/**
 * A user has at most one ACL on a share. Granting another path adds that path to it; `create` then answers with
 * no ids, since nothing was made.
 */
export const aclOperations: EntityOperations = {
  async create(ctx, input) {
    demandOperator(ctx.caller, 'Giving access')
    const grant = readGrant(input)
    const made = await ctx.store.transaction(async (tx) => {
      const share = await readTarget(tx, ctx, input.target)
      const user = await findOrInvite(tx, ctx, input)
      refuseForRole(ctx, user, share)
      const before = await tx
        .selectFrom('acl')
        .select(['id', 'paths', 'inactive'])
        .where('user', '=', user.id)
        .where('share', '=', share.id)
        .executeTakeFirst()
      if (before === undefined) return await insertAcl(tx, ctx, input, user.id, share.id, grant)
      return await extendAcl(tx, ctx, before, grant)
    })
    return { ids: made === undefined ? [] : [made] }
  },

  async update(ctx, id, changes) {
    await ctx.store.transaction(async (tx) => {
      await tx
        .updateTable('acl')
        .set({
          ...(changes.description === undefined ? {} : { description: textOf(changes, 'description') }),
          ...changedBy(ctx),
        })
        .where('id', '=', id)
        .execute()
      await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'changed' })
    })
  },

  async remove(ctx, id) {
    demandOperator(ctx.caller, 'Taking access')
    await ctx.store.transaction(async (tx) => {
      await tx.deleteFrom('acl').where('id', '=', id).execute()
      await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'deleted' })
    })
  },
}

async function insertAcl(
  tx: Tx,
  ctx: CallContext,
  input: Input,
  user: string,
  share: string,
  grant: Grant,
): Promise<string> {
  const id = newId(ctx.now)
  await tx
    .insertInto('acl')
    .values({
      id,
      workspace: ctx.workspace.id,
      user,
      share,
      paths: JSON.stringify([grant]),
      notify: flag(input.notify),
      message: textOf(input, 'message'),
      description: textOf(input, 'description'),
      inactive: 0,
      acknowledged: null,
      ...madeBy(ctx),
    })
    .execute()
  await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'created' })
  return id
}

/** Answers with the id where the path was granted before (its rights are replaced), else with nothing. */
async function extendAcl(
  tx: Tx,
  ctx: CallContext,
  acl: { readonly id: string; readonly paths: string; readonly inactive: number },
  grant: Grant,
): Promise<string | undefined> {
  if (acl.inactive === 1)
    throw new WaybillError('conflict', 'This access was set aside; activate the user or share')
  const grants = parseGrants(acl.paths)
  const known = grants.some(({ path }) => path === grant.path)
  const paths = known ? grants.map((one) => (one.path === grant.path ? grant : one)) : [...grants, grant]
  await tx
    .updateTable('acl')
    .set({ paths: JSON.stringify(paths), ...changedBy(ctx) })
    .where('id', '=', acl.id)
    .execute()
  await noteChange(tx, ctx, { entitytype: 'acl', id: acl.id, change: 'changed' })
  return known ? acl.id : undefined
}

/** Rights that are not mentioned: reading when neither is, else none. */
function readGrant(input: Input): Grant {
  const write = input.write === true
  const read = input.read === undefined ? !write && input.write === undefined : input.read === true
  if (!read && !write) throw new WaybillError('bad_request', 'An ACL allows to read, to write, or both')
  const names = segments(textOf(input, 'path') || '/')
  if (names === undefined)
    throw new WaybillError('bad_request', 'The path of an ACL must not leave its target')
  return { path: `/${names.join('/')}`, read, write }
}

async function readTarget(tx: Tx, ctx: CallContext, target: unknown) {
  const name =
    typeof target === 'string' ? target.replace(/^(share|volume|folder|home|collection)[:=]/, '') : ''
  const visible = await rowsVisibleTo({ caller: ctx.caller, store: { ...ctx.store, db: tx } }, 'folder')
  let query = tx
    .selectFrom('share')
    .select(['id', 'code', 'kind'])
    .where((eb) => eb.or([eb('id', '=', name), eb('code', '=', name.toLowerCase())]))
  if (visible !== undefined) query = query.where(visible(builder))
  const share = await query.executeTakeFirst()
  if (share === undefined) throw new WaybillError('not_found', `There is no share ${JSON.stringify(target)}`)
  return share
}

async function findOrInvite(tx: Tx, ctx: CallContext, input: Input) {
  const name = textOf(input, 'entity')
    .replace(/^user[:=]/, '')
    .trim()
  const find = async (key: string) =>
    await tx
      .selectFrom('user')
      .select(['id', 'code', 'role'])
      .where((eb) => eb.or([eb('id', '=', key), eb('code', '=', key.toLowerCase())]))
      .executeTakeFirst()
  const known = await find(name)
  if (known !== undefined) return known
  const email = tryEmail(name)
  if (email === undefined || input.invite === false) {
    throw new WaybillError('not_found', `There is no user ${JSON.stringify(input.entity)}`)
  }
  const by = { email: ctx.caller.email, now: ctx.now }
  const id = await addUser(tx, ctx.workspace.id, { email, role: 'standard' }, by)
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'created' })
  return { id, code: email, role: 'standard' as const }
}

/** Volumes are for employees, and given by admins; what lies beneath is shared by employees, too. */
function refuseForRole(
  ctx: CallContext,
  user: { readonly code: string; readonly role: string },
  share: { readonly code: string; readonly kind: string },
): void {
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
