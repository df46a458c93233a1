import { WaybillError } from '@waybill/api'
import { forgetShownInvitations, inviteUser } from '../../access/invitations.js'
import type { AgentHub } from '../../agents/hub.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { JobService } from '../../jobs/service.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { changedBy, describedColumns, jsonOf, queueId, textOf } from '../engine/columns.js'
import type { EntityOperations, Input } from '../operations.js'
import { createHomeIn } from '../places/home-operations.js'
import { makeDirectory } from '../places/make-directory.js'
import { refreshAclForce } from './acl-force.js'
import { removeUser } from './user-removal.js'
import {
  activeJobOf,
  demandAnotherAdmin,
  demandSameCaller,
  readUserFor,
  refuseOneself,
  roleFor,
  type User,
} from './user-rules.js'

export interface UserDeps {
  readonly jobs: JobService
  readonly hub: AgentHub
}

export interface UserOperations extends EntityOperations {
  /** Sets a user aside, with home and ACLs, for `activate`. */
  deactivate(ctx: CallContext, id: string): Promise<void>
  activate(ctx: CallContext, id: string): Promise<void>
  /** Refuses users whom the caller may not send an invitation: only those that it may make. */
  demandInvitable(tx: Tx, ctx: CallContext, id: string): Promise<void>
}

export function userOperations(deps: UserDeps): UserOperations {
  const { hub } = deps
  return {
    async create(ctx, input) {
      demandOperator(ctx.caller, 'Inviting users')
      const role = roleFor(ctx.caller, input.role ?? 'standard')
      const made = await ctx.store.transaction(async (tx) => {
        await demandSameCaller(tx, ctx.caller)
        const { name, description } = describedColumns(input)
        const user = await inviteUser(tx, ctx, {
          email: textOf(input, 'code'),
          role,
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(input.status === 'disabled' ? { status: 'disabled' as const } : {}),
          metadata: jsonOf(input, 'metadata'),
          queue: await queueId(tx, input.queue),
          giveAllVolumesAccess: input.give_all_volumes_access === true,
          giveDefaultVolumeAccess: input.give_default_volume_access === true,
          volumes: volumesOf(input),
          message: textOf(input, 'message'),
          mail: input.mail !== false,
        })
        const home = input.create_home_share === true ? await createHomeIn(tx, ctx, { user }) : undefined
        return { user, home }
      })
      if (made.home !== undefined) await makeDirectory(ctx, hub, made.home)
      return { ids: [made.user] }
    },

    async update(ctx, id, changes) {
      const dropped = await ctx.store.transaction(async (tx) => await changeUser(tx, ctx, id, changes))
      const why =
        changes.status === 'disabled' ? 'The user of this agent is disabled' : 'Its role has changed'
      dropLines(hub, dropped, 'forbidden', why)
    },

    async remove(ctx, id) {
      dropLines(hub, await removeUser(deps, ctx, id), 'not_member', 'The user of this agent was deleted')
    },

    async deactivate(ctx, id) {
      demandOperator(ctx.caller, 'Deactivating users')
      refuseOneself(ctx.caller, id, 'deactivate')
      const dropped = await ctx.store.transaction(async (tx) => {
        const user = await readUserFor(tx, ctx, id)
        await demandAnotherAdmin(tx, user, 'deactivated')
        await refuseActiveJob(tx, user)
        await setInactive(tx, ctx, id, 1)
        return await clientsOf(tx, id)
      })
      dropLines(hub, dropped, 'not_member', 'The user of this agent was deactivated')
    },

    async activate(ctx, id) {
      demandOperator(ctx.caller, 'Activating users')
      await ctx.store.transaction(async (tx) => {
        await readUserFor(tx, ctx, id)
        await setInactive(tx, ctx, id, 0)
      })
    },

    async demandInvitable(tx, ctx, id) {
      const user = await readUserFor(tx, ctx, id)
      refuseOneself(ctx.caller, id, 'invite')
      if (user.status === 'enabled' && user.inactive === 0) return
      const what = user.inactive === 1 ? 'was deactivated; activate' : 'is disabled; enable'
      throw new WaybillError('conflict', `${user.code} ${what} the user first`)
    },
  }
}

/** Answers with the clients that have to connect anew, if they may. */
async function changeUser(tx: Tx, ctx: CallContext, id: string, changes: Input): Promise<readonly string[]> {
  const user = await readUserFor(tx, ctx, id)
  const role = changes.role === undefined ? user.role : roleFor(ctx.caller, changes.role)
  const status = changes.status === 'disabled' || changes.status === 'enabled' ? changes.status : user.status
  const disabled = status === 'disabled' && user.status === 'enabled'
  if (role !== user.role) {
    await demandAnotherAdmin(tx, user, 'changed to another role')
    await revokeAccess(tx, ctx, id)
  }
  if (disabled) {
    refuseOneself(ctx.caller, id, 'disable')
    await demandAnotherAdmin(tx, user, 'disabled')
  }
  await tx
    .updateTable('user')
    .set({
      ...describedColumns(changes),
      role,
      status,
      ...(changes.queue === undefined ? {} : { queue: await queueId(tx, changes.queue) }),
      ...changedBy(ctx),
    })
    .where('id', '=', id)
    .execute()
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'changed', details: changes })
  return disabled || role !== user.role ? await clientsOf(tx, id) : []
}

/** What one role was granted says nothing about another; nor does a link that an employee holds. */
async function revokeAccess(tx: Tx, ctx: CallContext, user: string): Promise<void> {
  const acls = await tx.deleteFrom('acl').where('user', '=', user).returning('id').execute()
  for (const { id } of acls) {
    await noteChange(tx, ctx, { entitytype: 'acl', id, change: 'deleted', details: { role_changed: user } })
  }
  await forgetShownInvitations(tx, user)
}

async function refuseActiveJob(tx: Tx, user: User): Promise<void> {
  const job = await activeJobOf(tx, user.id)
  if (job === undefined) return
  const which = `transfer ${job.name} (${job.id})`
  throw new WaybillError('conflict', `${user.code} takes part in an active job, ${which}; abort it first`)
}

async function setInactive(tx: Tx, ctx: CallContext, id: string, inactive: 0 | 1): Promise<void> {
  await tx
    .updateTable('user')
    .set({ inactive, ...changedBy(ctx) })
    .where('id', '=', id)
    .execute()
  await refreshAclForce(tx, { user: id })
  const as = inactive === 1 ? 'deactivated' : 'activated'
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'changed', as })
}

async function clientsOf(tx: Tx, user: string): Promise<readonly string[]> {
  const rows = await tx.selectFrom('client').select('id').where('user', '=', user).execute()
  return rows.map(({ id }) => id)
}

/** Ends the lines of agents; they try again, and are let in as soon as their user may. */
function dropLines(hub: AgentHub, clients: readonly string[], code: string, message: string): void {
  for (const client of clients) hub.send(client, { type: 'refused', code, message })
}

function volumesOf({ volumes }: Input): readonly string[] {
  if (volumes === undefined || volumes === null) return []
  const list: unknown[] = Array.isArray(volumes) ? volumes : [volumes]
  return list.map((volume) => {
    if (typeof volume === 'string') return volume.replace(/^(volume|share)[:=]/, '')
    throw new WaybillError('bad_request', 'volumes has to be a list of ids or codes')
  })
}
