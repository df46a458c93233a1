import {
  checkSetting,
  type EntityType,
  findEntityType,
  settings as known,
  newId,
  WaybillError,
} from '@waybill/api'
import { writeAudit } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import { demandAdmin } from '../authority.js'

/** What settings belong to. */
export interface Holder {
  readonly entitytype: EntityType
  readonly id: string
}

const holders: readonly EntityType[] = [
  'workspace',
  'queue',
  'transfer',
  'task',
  'volume',
  'folder',
  'home',
  'collection',
  'site',
  'user',
]

/**
 * What a call for settings is about; the workspace when it names no entity type. `job` and `share` stand for
 * jobs and shares of any kind, so the id decides.
 */
export async function holderOf(
  ctx: CallContext,
  entitytype: string | undefined,
  id: string | undefined,
): Promise<Holder> {
  const named = entitytype === undefined || entitytype === '' ? 'workspace' : findEntityType(entitytype)
  if (named === undefined || !holders.includes(named)) {
    throw new WaybillError('unknown_entity', `There are no settings of ${JSON.stringify(entitytype)}`)
  }
  if (named === 'workspace') return { entitytype: named, id: ctx.workspace.id }
  if (id === undefined) throw new WaybillError('bad_request', `Which ${named}? Its id is missing`)
  const { db } = ctx.store
  if (named === 'transfer') {
    const job = await db.selectFrom('job').select('kind').where('id', '=', id).executeTakeFirst()
    return { entitytype: job?.kind ?? named, id }
  }
  if (named === 'folder') {
    const share = await db.selectFrom('share').select('kind').where('id', '=', id).executeTakeFirst()
    return { entitytype: share?.kind ?? named, id }
  }
  return { entitytype: named, id }
}

/** The settings in force, by name: the holder's own over those of what it lies in, over the defaults. */
export async function readSettings(
  ctx: CallContext,
  holder: Holder,
  { inherited, defaults }: { readonly inherited: boolean; readonly defaults: boolean },
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>()
  if (defaults) for (const [name, setting] of Object.entries(known)) values.set(name, setting.default)
  const order = inherited ? [...(await above(ctx, holder)), holder.id] : [holder.id]
  const rows = await ctx.store.db
    .selectFrom('setting')
    .select(['entity', 'name', 'value'])
    .where('entity', 'in', order)
    .execute()
  for (const entity of order)
    for (const row of rows) if (row.entity === entity) values.set(row.name, row.value)
  return values
}

/** Ids of what the holder inherits from, the farthest first. */
async function above(
  { store, workspace }: CallContext,
  { entitytype, id }: Holder,
): Promise<readonly string[]> {
  const chain: string[] = []
  let next: { readonly table: 'job' | 'share'; readonly id: string | null } | undefined
  if (entitytype === 'workspace') return []
  if (entitytype === 'task') {
    const task = await store.db.selectFrom('task').select('job').where('id', '=', id).executeTakeFirst()
    if (task !== undefined) {
      chain.unshift(task.job)
      next = { table: 'job', id: task.job }
    }
  } else if (['queue', 'transfer', 'delivery', 'request'].includes(entitytype)) next = { table: 'job', id }
  else if (['volume', 'folder', 'home', 'collection'].includes(entitytype)) next = { table: 'share', id }
  // Bounded, should somebody have made a ring of queues.
  for (let level = 0; next?.id != null && level < 10; level += 1) {
    const { table }: { readonly table: 'job' | 'share' } = next
    const row = await store.db.selectFrom(table).select('parent').where('id', '=', next.id).executeTakeFirst()
    if (row?.parent != null) chain.unshift(row.parent)
    next = { table, id: row?.parent ?? null }
  }
  return [workspace.id, ...chain]
}

/** Sets one; admins everywhere, others on jobs that they see. */
export async function writeSetting(
  ctx: CallContext,
  holder: Holder,
  name: string,
  value: string,
): Promise<void> {
  demandWrite(ctx, holder)
  checkSetting(name, value)
  await ctx.store.transaction(async (tx) => {
    await tx
      .insertInto('setting')
      .values({
        id: newId(ctx.now),
        workspace: ctx.workspace.id,
        entitytype: holder.entitytype,
        entity: holder.id,
        name,
        value,
      })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'entitytype', 'entity', 'name']).doUpdateSet({ value }),
      )
      .execute()
    await writeAudit(tx, ctx, { ...holder, change: 'setting changed', details: { [name]: value } })
  })
}

/** Takes one back, so that what it overruled is in force again; no harm when it was not there. */
export async function deleteSetting(ctx: CallContext, holder: Holder, name: string): Promise<void> {
  demandWrite(ctx, holder)
  await ctx.store.transaction(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('setting')
      .where('entitytype', '=', holder.entitytype)
      .where('entity', '=', holder.id)
      .where('name', '=', name)
      .executeTakeFirst()
    if (numDeletedRows === 0n) return
    await writeAudit(tx, ctx, { ...holder, change: 'setting removed', details: { name } })
  })
}

function demandWrite({ caller }: CallContext, { entitytype }: Holder): void {
  if (entitytype !== 'transfer' && entitytype !== 'task')
    demandAdmin(caller, `Changing settings of a ${entitytype}`)
}
