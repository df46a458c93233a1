import { type Role, roles, WaybillError } from '@waybill/api'
import { addUser } from '../../access/users.js'
import type { AgentHub } from '../../agents/hub.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext, Caller } from '../../context.js'
import type { JobService } from '../../jobs/service.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { changedBy, describedColumns, jsonOf, queueId, textOf } from '../engine/columns.js'
import type { EntityOperations, Input } from '../operations.js'

interface Deps {
  readonly jobs: JobService
  readonly hub: AgentHub
}

export interface UserOperations extends EntityOperations {
  /** Sets a user aside, with home and ACLs, for `activate`. */
  deactivate(ctx: CallContext, id: string): Promise<void>
  activate(ctx: CallContext, id: string): Promise<void>
}

export function userOperations({ jobs, hub }: Deps): UserOperations {
  return {
    async create(ctx, input) {
      demandOperator(ctx.caller, 'Inviting users')
      const role = roleOf(ctx.caller, input.role ?? 'standard')
      if (input.create_home_share === true) {
        throw new WaybillError('not_available', 'Homes are not available yet; leave create_home_share out')
      }
      const id = await ctx.store.transaction(async (tx) => {
        const { name, description } = describedColumns(input)
        const user = {
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
        }
        const made = await addUser(tx, ctx.workspace.id, user, { email: ctx.caller.email, now: ctx.now })
        await noteChange(tx, ctx, { entitytype: 'user', id: made, change: 'created' })
        return made
      })
      return { ids: [id] }
    },

    async update(ctx, id, changes) {
      const dropped = await ctx.store.transaction(async (tx) => {
        const user = await readUser(tx, id)
        const role = changes.role === undefined ? user.role : roleOf(ctx.caller, changes.role)
        const status =
          changes.status === 'disabled' || changes.status === 'enabled' ? changes.status : user.status
        if (role !== user.role) await demandAnotherAdmin(tx, user, 'changed to another role')
        if (status === 'disabled' && user.status === 'enabled') {
          if (id === ctx.caller.user) throw new WaybillError('forbidden', 'You cannot disable yourself')
          await demandAnotherAdmin(tx, user, 'disabled')
        }
        // What one role was granted says nothing about another.
        if (role !== user.role) await tx.deleteFrom('acl').where('user', '=', id).execute()
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
        await noteChange(tx, ctx, { entitytype: 'user', id, change: 'changed' })
        return status === 'disabled' ? await clientsOf(tx, id) : []
      })
      dropLines(hub, dropped, 'forbidden', 'The user of this agent is disabled')
    },

    async remove(ctx, id) {
      if (id === ctx.caller.user) throw new WaybillError('forbidden', 'You cannot delete yourself')
      const user = await readUser(ctx.store.db, id)
      roleOf(ctx.caller, user.role)
      await demandAnotherAdmin(ctx.store.db, user, 'deleted')
      await jobs.abortJobsOf(ctx, { entitytype: 'user', id }, `The user ${user.code} was deleted`)
      const dropped = await ctx.store.transaction(async (tx) => {
        // Again, and now for good: another admin may have gone in between.
        await demandAnotherAdmin(tx, await readUser(tx, id), 'deleted')
        const clients = await clientsOf(tx, id)
        await tx.deleteFrom('share').where('kind', '=', 'home').where('user', '=', id).execute()
        // An agent registers anew when its account is invited again: a client belongs to one membership.
        await tx.deleteFrom('client').where('user', '=', id).execute()
        await tx.deleteFrom('user').where('id', '=', id).execute()
        await noteChange(tx, ctx, { entitytype: 'user', id, change: 'deleted' })
        return clients
      })
      dropLines(hub, dropped, 'not_member', 'The user of this agent was deleted')
    },

    async deactivate(ctx, id) {
      demandOperator(ctx.caller, 'Deactivating users')
      if (id === ctx.caller.user) throw new WaybillError('forbidden', 'You cannot deactivate yourself')
      const dropped = await ctx.store.transaction(async (tx) => {
        const user = await readUser(tx, id)
        roleOf(ctx.caller, user.role)
        await demandAnotherAdmin(tx, user, 'deactivated')
        await demandNoActiveJob(tx, user)
        await setInactive(tx, ctx, id, 1)
        return await clientsOf(tx, id)
      })
      dropLines(hub, dropped, 'not_member', 'The user of this agent was deactivated')
    },

    async activate(ctx, id) {
      demandOperator(ctx.caller, 'Activating users')
      await ctx.store.transaction(async (tx) => {
        roleOf(ctx.caller, (await readUser(tx, id)).role)
        await setInactive(tx, ctx, id, 0)
      })
    },
  }
}

type User = Awaited<ReturnType<typeof readUser>>

async function readUser(tx: Tx, id: string) {
  const user = await tx
    .selectFrom('user')
    .select(['id', 'code', 'role', 'status', 'inactive'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (user === undefined) throw new WaybillError('not_found', `There is no user with the id ${id}`)
  return user
}

/** A role that the caller may give to, or take from, somebody: employees deal with standard users only. */
function roleOf(caller: Caller, value: unknown): Role {
  const role = roles.find((one) => one === value)
  if (role === undefined) throw new WaybillError('bad_request', `A role is one of ${roles.join(', ')}`)
  if (caller.role === 'admin' || role === 'standard') return role
  throw new WaybillError('forbidden', 'Employees invite, change and delete standard users only')
}

async function demandAnotherAdmin(tx: Tx, user: User, done: string): Promise<void> {
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

async function demandNoActiveJob(tx: Tx, user: User): Promise<void> {
  const job = await tx
    .selectFrom('job')
    .select(['id', 'name'])
    .where('kind', '=', 'transfer')
    .where('population', '=', 'live')
    .where((eb) =>
      eb.or([
        eb('user', '=', user.id),
        eb.and([eb('source_type', '=', 'user'), eb('source_id', '=', user.id)]),
        eb.and([eb('destination_type', '=', 'user'), eb('destination_id', '=', user.id)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
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
  await tx.updateTable('acl').set({ inactive }).where('user', '=', id).execute()
  await tx.updateTable('share').set({ inactive }).where('kind', '=', 'home').where('user', '=', id).execute()
  await noteChange(tx, ctx, { entitytype: 'user', id, change: 'changed' })
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
    if (typeof volume === 'string') return volume.replace(/^(volume|share):/, '')
    throw new WaybillError('bad_request', 'volumes has to be a list of ids or codes')
  })
}
