import { WaybillError } from '@waybill/api'
import { loadRights, may, mayManage, type Rights } from '../../access/rights.js'
import type { AgentHub } from '../../agents/hub.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { JobService } from '../../jobs/service.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { codeFor } from '../engine/code.js'
import { changedBy, describedColumns, flag, queueId } from '../engine/columns.js'
import type { EntityOperations, Input } from '../operations.js'
import { refreshAclForce } from '../people/acl-force.js'
import { removeSettingsOf } from '../settings/below.js'
import { demandFree } from './new-share.js'

export interface ShareDeps {
  readonly jobs: JobService
  readonly hub: AgentHub
}

export interface ShareOperations extends EntityOperations {
  /** Sets a share aside with the ACLs on it and, of a volume, with what lies on it; or brings it back. */
  readonly setInactive: (ctx: CallContext, id: string, aside: boolean) => Promise<void>
}

export type SharedKind = 'folder' | 'home' | 'collection'

/** What folders, homes and collections do alike once they are there; `change` is what is the kind's own. */
export function commonOperations(
  kind: SharedKind,
  { jobs }: ShareDeps,
  change: (tx: Tx, ctx: CallContext, share: SharedRow, changes: Input) => Promise<object> = () =>
    Promise.resolve({}),
): Required<Pick<ShareOperations, 'update' | 'remove' | 'setInactive'>> {
  const demand = async (tx: Tx, ctx: CallContext, id: string): Promise<SharedRow> => {
    const share = await readShare(tx, kind, id)
    await demandHold(tx, ctx, share)
    return share
  }
  return {
    async update(ctx, id, changes) {
      await ctx.store.transaction(async (tx) => {
        const share = await demand(tx, ctx, id)
        const { status } = changes
        await tx
          .updateTable('share')
          .set({
            ...describedColumns(changes),
            ...(await codeColumn(tx, share, changes)),
            ...(changes.queue === undefined ? {} : { queue: await queueId(tx, changes.queue) }),
            ...(status === 'enabled' || status === 'disabled' ? { status } : {}),
            ...(await change(tx, ctx, share, changes)),
            ...changedBy(ctx),
          })
          .where('id', '=', id)
          .execute()
        await noteChange(tx, ctx, { entitytype: kind, id, change: 'changed', details: changes })
      })
    },

    async remove(ctx, id) {
      const share = await demand(ctx.store.db, ctx, id)
      await jobs.abortJobsOf(ctx, { entitytype: kind, id }, `The ${kind} ${share.code} was deleted`)
      await ctx.store.transaction(async (tx) => {
        await demand(tx, ctx, id)
        // The ACLs on it, and what was put into collections through it, go along; files stay.
        await removeSettingsOf(tx, { entitytype: kind, id })
        await tx.deleteFrom('share').where('id', '=', id).execute()
        await noteChange(tx, ctx, { entitytype: kind, id, change: 'deleted', details: { code: share.code } })
      })
      // Those that were made in between; from now on none can be.
      await jobs.abortJobsOf(ctx, { entitytype: kind, id }, `The ${kind} ${share.code} was deleted`)
    },

    async setInactive(ctx, id, aside) {
      await ctx.store.transaction(async (tx) => {
        await demand(tx, ctx, id)
        await setAside(tx, ctx, kind, id, aside)
      })
    },
  }
}

/** Marks a share as set aside, or not, and all that hangs on it. */
export async function setAside(
  tx: Tx,
  ctx: CallContext,
  kind: SharedKind | 'volume',
  id: string,
  aside: boolean,
): Promise<void> {
  await tx
    .updateTable('share')
    .set({ aside: flag(aside), ...changedBy(ctx) })
    .where('id', '=', id)
    .execute()
  await refreshAclForce(tx, { share: id })
  const as = aside ? 'deactivated' : 'activated'
  await noteChange(tx, ctx, { entitytype: kind, id, change: 'changed', as })
}

export type SharedRow = Awaited<ReturnType<typeof readShare>>

export async function readShare(tx: Tx, kind: SharedKind, id: string) {
  const share = await tx
    .selectFrom('share')
    .select(['id', 'code', 'kind', 'parent', 'path', 'user'])
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  if (share !== undefined) return share
  throw new WaybillError('not_found', `There is no ${kind} with the id ${id}`)
}

/** Refuses whoever may not change a share as such: employees need to write in it, standard users never may. */
async function demandHold(tx: Tx, ctx: CallContext, share: SharedRow): Promise<void> {
  demandOperator(ctx.caller, `Changing a ${share.kind}`)
  if (!holds(await loadRights(tx, ctx.caller), share)) {
    throw new WaybillError(
      'forbidden',
      `Changing the ${share.kind} ${share.code} needs the right to write there`,
    )
  }
}

/** Whether somebody may do with a share what its makers may. */
function holds(rights: Rights, share: SharedRow): boolean {
  return share.kind === 'collection' ? mayManage(rights, share.id) : may(rights, share, '/', 'write')
}

/** Another code, where one is given; it must be free. */
export async function codeColumn(
  tx: Tx,
  share: { readonly id: string; readonly kind: string },
  { code }: Input,
): Promise<{ readonly code?: string }> {
  if (code === undefined) return {}
  const wanted = codeFor(share.kind, code, undefined)
  await demandFree(tx, wanted, share.id)
  return { code: wanted }
}
