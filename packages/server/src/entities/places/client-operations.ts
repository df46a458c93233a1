import { WaybillError } from '@waybill/api'
import type { AgentHub } from '../../agents/hub.js'
import { noteChange } from '../../audit/note-change.js'
import type { Caller } from '../../context.js'
import type { JobService } from '../../jobs/service.js'
import type { Flag } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import { demandAdmin } from '../authority.js'
import { changedBy, describedColumns } from '../engine/columns.js'
import type { EntityOperations, Input } from '../operations.js'

const serverType = 1
const serverRoles = ['storage', 'site', 'compute']

/** Clients are made by agents that register; here they are only changed, and deleted once offline. */
export function clientOperations({
  jobs,
  hub,
}: {
  readonly jobs: JobService
  readonly hub: AgentHub
}): EntityOperations {
  return {
    async update(ctx, id, changes) {
      await ctx.store.transaction(async (tx) => {
        const client = await readClient(tx, id)
        demandRight(ctx.caller, client)
        await tx
          .updateTable('client')
          .set({
            ...describedColumns(changes),
            ...(changes.status === undefined ? {} : { disabled: disabledFrom(changes) }),
            ...(changes.roles === undefined ? {} : { roles: rolesFrom(changes) }),
            ...changedBy(ctx),
          })
          .where('id', '=', id)
          .execute()
        if (changes.site !== undefined) await moveToSite(tx, client, changes.site)
        await noteChange(tx, ctx, { entitytype: 'client', id, change: 'changed', details: changes })
      })
    },

    async remove(ctx, id) {
      const client = await readClient(ctx.store.db, id)
      demandRight(ctx.caller, client)
      const demandOffline = ({ online, code }: Client) => {
        if (online === 0 && !hub.isOnline(id)) return
        throw new WaybillError('conflict', `${code} is online; stop it before it is deleted`)
      }
      demandOffline(client)
      await jobs.abortJobsOf(ctx, { entitytype: 'client', id }, `The client ${client.code} was deleted`)
      await ctx.store.transaction(async (tx) => {
        // It may have come back in between.
        demandOffline(await readClient(tx, id))
        await tx.deleteFrom('client').where('id', '=', id).execute()
        const details = { code: client.code }
        await noteChange(tx, ctx, { entitytype: 'client', id, change: 'deleted', details })
      })
    },
  }
}

type Client = Awaited<ReturnType<typeof readClient>>

async function readClient(tx: Tx, id: string) {
  const client = await tx
    .selectFrom('client')
    .select(['id', 'code', 'type', 'site', 'online'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (client === undefined) throw new WaybillError('not_found', `There is no client with the id ${id}`)
  return client
}

/** Users deal with their own machines, employees with those of standard users, too; servers are the admins'. */
function demandRight(caller: Caller, { type, code }: Client): void {
  if (type === serverType) demandAdmin(caller, `Changing the server ${code}`)
}

/** `enabled` and `online` switch it on, `disabled` off; whether it is connected is its own affair. */
function disabledFrom({ status }: Input): Flag {
  return status === 'disabled' ? 1 : 0
}

function rolesFrom({ roles }: Input): string {
  const list = (typeof roles === 'string' ? roles : '').split(',').map((role) => role.trim())
  const unknown = list.find((role) => role !== '' && !serverRoles.includes(role))
  if (unknown === undefined) return list.filter((role) => role !== '').join(',')
  throw new WaybillError(
    'bad_request',
    `${unknown} is no role of a server; there are ${serverRoles.join(', ')}`,
  )
}

/** A server takes the volumes that it serves along, unless another one serves them at the new site. */
async function moveToSite(tx: Tx, client: Client, value: unknown): Promise<void> {
  const name = typeof value === 'string' ? value.replace(/^site:/, '').toLowerCase() : ''
  const site = await tx
    .selectFrom('site')
    .select(['id', 'code'])
    .where((eb) => eb.or([eb('id', '=', name), eb('code', '=', name)]))
    .executeTakeFirst()
  if (site === undefined) throw new WaybillError('not_found', `There is no site ${JSON.stringify(value)}`)
  if (site.id === client.site) return
  if (client.type !== serverType) {
    throw new WaybillError('bad_request', `Only servers belong to a site; ${client.code} is none`)
  }
  const taken = await tx
    .selectFrom('share_server as own')
    .innerJoin('share_server as other', 'other.share', 'own.share')
    .innerJoin('share', 'share.id', 'own.share')
    .select('share.code')
    .where('own.client', '=', client.id)
    .where('other.site', '=', site.id)
    .executeTakeFirst()
  if (taken !== undefined) {
    throw new WaybillError(
      'conflict',
      `Another server serves the volume ${taken.code} at ${site.code} already`,
    )
  }
  await tx.updateTable('client').set({ site: site.id }).where('id', '=', client.id).execute()
  await tx.updateTable('share_server').set({ site: site.id }).where('client', '=', client.id).execute()
}
