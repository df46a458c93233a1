import { newId, WaybillError } from '@waybill/api'
import { noteChange } from '../../audit/note-change.js'
import type { Tx } from '../../store/store.js'
import { demandAdmin } from '../authority.js'
import { codeFor } from '../engine/code.js'
import { changedBy, describedColumns, jsonOf, madeBy, textOf } from '../engine/columns.js'
import type { EntityOperations } from '../operations.js'

/** Sites that every workspace has: their codes mean something, and they stay. */
const builtIn = ['hq', 'roaming']

export const siteOperations: EntityOperations = {
  async create(ctx, input) {
    demandAdmin(ctx.caller, 'Creating sites')
    const code = codeFor('site', input.code, input.name)
    const id = newId(ctx.now)
    await ctx.store.transaction(async (tx) => {
      await tx
        .insertInto('site')
        .values({
          id,
          workspace: ctx.workspace.id,
          code,
          name: textOf(input, 'name') || code,
          description: textOf(input, 'description'),
          metadata: jsonOf(input, 'metadata'),
          main: 0,
          status: input.status === 'disabled' ? 'disabled' : 'enabled',
          ...madeBy(ctx),
        })
        .execute()
      await noteChange(tx, ctx, { entitytype: 'site', id, change: 'created', details: input })
    })
    return { ids: [id] }
  },

  async update(ctx, id, changes) {
    demandAdmin(ctx.caller, 'Changing sites')
    await ctx.store.transaction(async (tx) => {
      const site = await readSite(tx, id)
      const code = changes.code === undefined ? site.code : codeFor('site', changes.code, undefined)
      if (code !== site.code && builtIn.includes(site.code)) {
        throw new WaybillError('forbidden', `The site ${site.code} keeps its code`)
      }
      if (changes.name !== undefined && site.code === 'roaming') {
        throw new WaybillError('forbidden', "The site of users' own machines keeps its name")
      }
      const { status } = changes
      await tx
        .updateTable('site')
        .set({
          ...describedColumns(changes),
          code,
          ...(status === 'enabled' || status === 'disabled' ? { status } : {}),
          ...changedBy(ctx),
        })
        .where('id', '=', id)
        .execute()
      await noteChange(tx, ctx, { entitytype: 'site', id, change: 'changed', details: changes })
    })
  },

  async remove(ctx, id) {
    demandAdmin(ctx.caller, 'Deleting sites')
    await ctx.store.transaction(async (tx) => {
      const site = await readSite(tx, id)
      if (site.main === 1 || builtIn.includes(site.code)) {
        throw new WaybillError('forbidden', `The site ${site.code} cannot be deleted`)
      }
      const server = await tx.selectFrom('client').select('code').where('site', '=', id).executeTakeFirst()
      if (server !== undefined) {
        throw new WaybillError('conflict', `${server.code} belongs to the site ${site.code}; move it first`)
      }
      await demandUnused(tx, id, site.code)
      await tx.deleteFrom('site').where('id', '=', id).execute()
      await noteChange(tx, ctx, { entitytype: 'site', id, change: 'deleted', details: { code: site.code } })
    })
  },
}

async function readSite(tx: Tx, id: string) {
  const site = await tx.selectFrom('site').select(['code', 'main']).where('id', '=', id).executeTakeFirst()
  if (site === undefined) throw new WaybillError('not_found', `There is no site with the id ${id}`)
  return site
}

async function demandUnused(tx: Tx, id: string, code: string): Promise<void> {
  const job = await tx
    .selectFrom('job')
    .select(['id', 'name'])
    .where('population', '=', 'live')
    .where((eb) =>
      eb.or([
        eb.and([eb('source_type', '=', 'site'), eb('source_id', '=', id)]),
        eb.and([eb('destination_type', '=', 'site'), eb('destination_id', '=', id)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (job === undefined) return
  throw new WaybillError(
    'conflict',
    `The transfer ${job.name} (${job.id}) uses the site ${code}; abort it first`,
  )
}
