import { checkSetting, isSettingName, settings as known, newId, WaybillError } from '@waybill/api'
import { writeAudit } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import { givenSettings } from '../../jobs/effective-settings.js'
import { re2Engine } from '../../query/index.js'
import type { Tx } from '../../store/store.js'
import { settingsBelow } from './below.js'
import { demandGuarded, demandWrite } from './guard.js'
import { demandThere, type Holder, placesAbove } from './holder.js'

/** Settings of one call. */
const most = 200

/** A setting of something that lies below what was asked about. */
export interface SettingBelow extends Holder {
  readonly name: string
  readonly value: string
}

/**
 * The settings in force, by name: the holder's own over those of what it lies in (unless not `inherited`), over
 * the defaults (unless not `defaults`). What nobody here knows may be meant for others: standard users see such
 * names only on what they have a part in.
 */
export async function readSettings(
  { store, workspace, caller }: CallContext,
  holder: Holder,
  { inherited, defaults }: { readonly inherited: boolean; readonly defaults: boolean },
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>()
  if (defaults) for (const [name, setting] of Object.entries(known)) values.set(name, setting.default)
  const above = inherited ? await placesAbove(store.db, workspace.id, holder) : []
  const given = await givenSettings(store.db, [...above, holder.id])
  for (const place of [...above, holder.id]) {
    const open = caller.role !== 'standard' || (place === holder.id && place !== workspace.id)
    for (const [name, value] of given.get(place) ?? []) {
      if (open || isSettingName(name)) values.set(name, value)
    }
  }
  return values
}

/** Settings of what lies below the holder, the first thousand; for admins, and for tasks of a job. */
export async function readBelow(
  { store, caller }: CallContext,
  holder: Holder,
): Promise<readonly SettingBelow[]> {
  if (caller.role !== 'admin' && holder.entitytype !== 'transfer') return []
  const below = await settingsBelow(store.db, holder)
  if (below === undefined) return []
  const rows = await store.db
    .selectFrom('setting')
    .select(['setting.entitytype', 'setting.entity as id', 'setting.name', 'setting.value'])
    .where(below)
    .orderBy('setting.entity')
    .orderBy('setting.name')
    .limit(1000)
    .execute()
  return rows.map((row) => ({ ...row, entitytype: row.entitytype as Holder['entitytype'] }))
}

export interface SettingChanges {
  readonly set: ReadonlyMap<string, string>
  readonly remove: readonly string[]
  /** What lies below loses its own values of these names, so that what is set here acts there, too. */
  readonly recursive: boolean
}

/** Changes settings of one holder together: all of them, or none when one is refused. */
export async function changeSettings(
  ctx: CallContext,
  holder: Holder,
  changes: SettingChanges,
): Promise<void> {
  const { set, remove, recursive } = changes
  const names = [...set.keys(), ...remove]
  if (names.length === 0) throw new WaybillError('bad_request', 'Which setting? Give its name')
  if (names.length > most) throw new WaybillError('bad_request', `At most ${most} settings at a time`)
  for (const [name, value] of set) checkSetting(name, value, re2Engine)
  for (const name of remove) checkSetting(name, isSettingName(name) ? known[name].default : '')
  await demandWrite(ctx, holder)
  if (recursive && ctx.caller.role !== 'admin' && holder.entitytype !== 'transfer') {
    throw new WaybillError('forbidden', 'Changing settings of all that lies below is allowed for admins only')
  }
  await ctx.store.transaction(async (tx) => {
    await demandThere(tx, holder)
    await demandGuarded(tx, ctx.caller, set, await placesAbove(tx, ctx.workspace.id, holder))
    for (const [name, value] of set) await put(tx, ctx, holder, name, value)
    const removed = await removeOwn(tx, holder, remove)
    const below = recursive ? await removeBelow(tx, holder, names) : 0
    await note(tx, ctx, holder, changes, removed, below)
  })
}

async function put(
  tx: Tx,
  { workspace, now }: CallContext,
  { entitytype, id }: Holder,
  name: string,
  value: string,
): Promise<void> {
  await tx
    .insertInto('setting')
    .values({ id: newId(now), workspace: workspace.id, entitytype, entity: id, name, value })
    .onConflict((conflict) =>
      conflict.columns(['workspace', 'entitytype', 'entity', 'name']).doUpdateSet({ value }),
    )
    .execute()
}

async function removeOwn(tx: Tx, { id }: Holder, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('setting')
    .where('entity', '=', id)
    .where('name', 'in', names)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function removeBelow(tx: Tx, holder: Holder, names: readonly string[]): Promise<number> {
  const below = await settingsBelow(tx, holder)
  if (below === undefined) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('setting')
    .where(below)
    .where('setting.name', 'in', names)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function note(
  tx: Tx,
  ctx: CallContext,
  holder: Holder,
  { set, remove, recursive }: SettingChanges,
  removed: number,
  below: number,
): Promise<void> {
  const further = recursive ? { recursive, taken_below: below } : {}
  if (set.size > 0) {
    // What is unknown here may be a key to something else: its name will do.
    const told = [...set].map(([name, value]) => [name, isSettingName(name) ? value : '(not kept)'] as const)
    const details = { ...Object.fromEntries(told), ...further }
    await writeAudit(tx, ctx, { ...holder, change: 'setting changed', details })
  }
  if (removed > 0 || (set.size === 0 && below > 0)) {
    await writeAudit(tx, ctx, {
      ...holder,
      change: 'setting removed',
      details: { names: remove, ...further },
    })
  }
}
