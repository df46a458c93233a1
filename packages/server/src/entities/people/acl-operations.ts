import { newId, WaybillError } from '@waybill/api'
import { type Grant, parseGrants } from '../../access/grants.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { ShareRow } from '../../locations/directory.js'
import { uniqueViolation } from '../../store/faults.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { changedBy, flag, madeBy, textOf } from '../engine/columns.js'
import type { EntityOperations, Input } from '../operations.js'
import { demandOwnRights, pathOn, readGrant, readTarget, refuseNothing } from './acl-grant.js'
import { mailGrant } from './acl-mail.js'
import { findOrInvite, type Grantee, readAcl, refuseForRole } from './acl-parties.js'

/** Paths of one ACL: all of them are looked at for every path that its user asks for. */
const mostPaths = 1000

export interface AclOperations extends EntityOperations {
  /** Takes back one path of an ACL; with its last one the ACL goes. */
  removePath(ctx: CallContext, id: string, path: string): Promise<void>
}

/**
 * A user has at most one ACL on a share. Granting another path adds that path to it; `create` then answers with
 * no ids, since nothing was made. An ACL of an admin is kept, though it gives nothing that the role does not.
 */
export const aclOperations: AclOperations = {
  async create(ctx, input) {
    demandOperator(ctx.caller, 'Giving access')
    const work = async (tx: Tx) => await grant(tx, ctx, input)
    const made = await ctx.store.transaction(work).catch(async (error: unknown) => {
      // Somebody made the same user's ACL at the same moment: now it is there to be extended.
      if (uniqueViolation(error)?.table !== 'acl') throw error
      return await ctx.store.transaction(work)
    })
    return { ids: made === undefined ? [] : [made] }
  },

  /** `read` and `write` are those of `path` where the ACL has that one, else of its first path, which `path` moves. */
  async update(ctx, id, changes) {
    demandOperator(ctx.caller, 'Changing access')
    await ctx.store.transaction(async (tx) => {
      const { acl, user, share } = await readAcl(tx, id)
      const grants = parseGrants(acl.paths)
      const paths = await changedGrants(tx, ctx, share, grants, changes)
      if (paths !== grants) {
        refuseForRole(ctx, user, share)
        for (const one of [...grants, ...paths]) await demandOwnRights(tx, ctx, share, one)
      }
      await tx
        .updateTable('acl')
        .set({
          ...(paths === grants ? {} : pathColumns(paths)),
          ...(changes.description === undefined ? {} : { description: textOf(changes, 'description') }),
          ...(changes.message === undefined ? {} : { message: textOf(changes, 'message') }),
          ...(changes.notify === undefined ? {} : { notify: flag(changes.notify) }),
          ...changedBy(ctx),
        })
        .where('id', '=', id)
        .execute()
      await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'changed', details: changes })
    })
  },

  /** Everybody may give up what was granted to them. */
  async remove(ctx, id) {
    await ctx.store.transaction(async (tx) => await revoke(tx, ctx, id))
  },

  async removePath(ctx, id, path) {
    demandOperator(ctx.caller, 'Taking access')
    await ctx.store.transaction(async (tx) => {
      const { acl, share } = await readAcl(tx, id)
      const gone = await pathOn(tx, ctx, share, path)
      const grants = parseGrants(acl.paths)
      const left = grants.filter((one) => one.path !== gone)
      if (left.length === grants.length) {
        const there = grants.map((one) => one.path).join(', ')
        throw new WaybillError('not_found', `The path ${gone} was not granted; these are: ${there}`)
      }
      if (left.length === 0) return await revoke(tx, ctx, id)
      await tx
        .updateTable('acl')
        .set({ ...pathColumns(left), ...changedBy(ctx) })
        .where('id', '=', id)
        .execute()
      const details = { path: gone }
      await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'changed', as: 'revoked', details })
    })
  },
}

/** Answers with the ACL's id where one was made, or the rights of a path it has were replaced. */
async function grant(tx: Tx, ctx: CallContext, input: Input): Promise<string | undefined> {
  const share = await readTarget(tx, ctx, input.target)
  const wanted = await readGrant(tx, ctx, share, input)
  const user = await findOrInvite(tx, ctx, input)
  refuseForRole(ctx, user, share)
  await demandOwnRights(tx, ctx, share, wanted)
  const before = await tx
    .selectFrom('acl')
    .select(['id', 'paths'])
    .where('user', '=', user.id)
    .where('share', '=', share.id)
    .executeTakeFirst()
  // Who was just invited gets a mail that says so, with the message in it.
  if (input.notify === true && !user.invited) {
    await mailGrant(tx, ctx, user.code, share, wanted, textOf(input, 'message'))
  }
  return before === undefined
    ? await insertAcl(tx, ctx, input, user, share, wanted)
    : await extendAcl(tx, ctx, input, before, wanted)
}

async function insertAcl(
  tx: Tx,
  ctx: CallContext,
  input: Input,
  user: Grantee,
  share: ShareRow,
  wanted: Grant,
): Promise<string> {
  const id = newId(ctx.now)
  await tx
    .insertInto('acl')
    .values({
      id,
      workspace: ctx.workspace.id,
      user: user.id,
      share: share.id,
      ...pathColumns([wanted]),
      notify: flag(input.notify),
      message: textOf(input, 'message'),
      description: textOf(input, 'description'),
      inactive: 0,
      acknowledged: null,
      ...madeBy(ctx),
    })
    .execute()
  const details = { user: user.code, share: share.code, ...wanted }
  await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'created', as: 'granted', details })
  return id
}

/** Answers with the id where the path was granted before (its rights are replaced), else with nothing. */
async function extendAcl(
  tx: Tx,
  ctx: CallContext,
  input: Input,
  acl: { readonly id: string; readonly paths: string },
  wanted: Grant,
): Promise<string | undefined> {
  const grants = parseGrants(acl.paths)
  const known = grants.some(({ path }) => path === wanted.path)
  if (!known && grants.length >= mostPaths) {
    throw new WaybillError('conflict', `An ACL has at most ${mostPaths} paths; grant a directory above them`)
  }
  const paths = known ? grants.map((one) => (one.path === wanted.path ? wanted : one)) : [...grants, wanted]
  await tx
    .updateTable('acl')
    .set({
      ...pathColumns(paths),
      ...(input.message === undefined ? {} : { message: textOf(input, 'message') }),
      ...(input.notify === undefined ? {} : { notify: flag(input.notify) }),
      ...changedBy(ctx),
    })
    .where('id', '=', acl.id)
    .execute()
  const details = { ...wanted }
  await noteChange(tx, ctx, { entitytype: 'acl', id: acl.id, change: 'changed', as: 'granted', details })
  return known ? acl.id : undefined
}

/** The grants after a change; the same list where nothing about them changes. */
async function changedGrants(
  tx: Tx,
  ctx: CallContext,
  share: ShareRow,
  grants: readonly Grant[],
  { path, read, write }: Input,
): Promise<readonly Grant[]> {
  const [first] = grants
  if (first === undefined || (path === undefined && read === undefined && write === undefined)) return grants
  const named = typeof path === 'string' ? await pathOn(tx, ctx, share, path) : undefined
  const old = grants.find((one) => one.path === named) ?? first
  const fresh = {
    path: named ?? old.path,
    read: typeof read === 'boolean' ? read : old.read,
    write: typeof write === 'boolean' ? write : old.write,
  }
  refuseNothing(fresh.read, fresh.write)
  return grants.map((one) => (one === old ? fresh : one))
}

async function revoke(tx: Tx, ctx: CallContext, id: string): Promise<void> {
  const { acl, user, share } = await readAcl(tx, id)
  if (user.id !== ctx.caller.user) demandOperator(ctx.caller, 'Taking access')
  if (ctx.caller.role !== 'admin' && user.id !== ctx.caller.user) {
    for (const one of parseGrants(acl.paths)) await demandOwnRights(tx, ctx, share, one)
  }
  await tx.deleteFrom('acl').where('id', '=', id).execute()
  const details = { user: user.code, share: share.code }
  await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'deleted', as: 'revoked', details })
}

/** The list, and its first path again where queries find it. */
function pathColumns(paths: readonly Grant[]) {
  const { path = '/', read = false, write = false } = paths[0] ?? {}
  return { paths: JSON.stringify(paths), path, read: flag(read), write: flag(write) }
}
