import {
  isOperator,
  isSettingName,
  type SettingDefinition,
  type SettingName,
  settingDefinition,
  WaybillError,
} from '@waybill/api'
import { loadRights, mayWhole } from '../../access/rights.js'
import type { CallContext, Caller } from '../../context.js'
import { givenSettings, inherit, queuesAbove } from '../../jobs/effective-settings.js'
import type { Tx } from '../../store/store.js'
import { demandAdmin } from '../authority.js'
import { type Holder, isJob, isShare } from './holder.js'

/**
 * Refuses callers who may not change settings of the holder: admins may everywhere, employees on shares that they
 * may write as a whole, and whoever may change a job or task (which has been looked at before) on that.
 */
export async function demandWrite({ caller, store }: CallContext, holder: Holder): Promise<void> {
  const { entitytype, id } = holder
  if (caller.role === 'admin' || entitytype === 'task') return
  if (isJob(holder) && entitytype !== 'queue') return
  if (isShare(holder) && caller.role === 'employee') {
    const share = await store.db
      .selectFrom('share')
      .select(['id', 'kind', 'parent', 'path'])
      .where('id', '=', id)
      .executeTakeFirst()
    const rights = await loadRights(store.db, caller)
    if (share !== undefined && mayWhole(rights, share, '/', 'write')) return
    throw new WaybillError(
      'forbidden',
      `Changing settings of a ${entitytype} needs the right to write all of it`,
    )
  }
  demandAdmin(caller, `Changing settings of a ${entitytype}`)
}

/**
 * Refuses settings that are not the caller's to give to a job or task: standard users leave alone what is about
 * machines and other people's jobs, and can only tighten the limits that are in force above.
 */
export async function demandGuarded(
  tx: Tx,
  caller: Caller,
  values: ReadonlyMap<string, string>,
  above: readonly string[],
): Promise<void> {
  if (isOperator(caller.role)) return
  const guarded = [...values].flatMap(([name, value]) => {
    const guard = isSettingName(name) ? settingDefinition(name).guard : undefined
    return isSettingName(name) && guard !== undefined ? [{ name, value, guard }] : []
  })
  if (guarded.length === 0) return
  const inherited = inherit(await givenSettings(tx, above), above)
  for (const { name, value, guard } of guarded) {
    if (guard === 'operators') {
      throw new WaybillError('forbidden', `${name} is for admins and employees to set`)
    }
    if (!isStricter(name, value, inherited[name])) {
      const words = `${name} cannot be "${value}": only admins and employees can go beyond "${inherited[name]}"`
      throw new WaybillError('forbidden', words)
    }
  }
}

/** Whether a value asks for no more than another: less speed, or stronger encryption. */
function isStricter(name: SettingName, value: string, than: string): boolean {
  const { type }: SettingDefinition = settingDefinition(name)
  if (type.kind === 'choice') {
    const strength = (word: string) => type.values.indexOf(word.trim().toLowerCase())
    return strength(value) >= strength(than)
  }
  const limit = (text: string) => (Number(text) > 0 ? Number(text) : Number.POSITIVE_INFINITY)
  return limit(value) <= limit(than)
}

/** The same for settings that tasks are made with, given to a job that is there. */
export async function demandGuardedTasks(
  tx: Tx,
  { caller, workspace }: CallContext,
  job: { readonly id: string; readonly parent: string | null },
  tasks: readonly { readonly settings: Readonly<Record<string, string>> | undefined }[],
): Promise<void> {
  if (isOperator(caller.role)) return
  const given = tasks.flatMap(({ settings }) => (settings === undefined ? [] : [settings]))
  if (given.length === 0) return
  const above = [workspace.id, ...(await queuesAbove(tx, job.parent)), job.id]
  const seen = new Set<string>()
  for (const settings of given) {
    const key = JSON.stringify(settings)
    if (seen.has(key)) continue
    seen.add(key)
    await demandGuarded(tx, caller, new Map(Object.entries(settings)), above)
  }
}
