import { isSettingName, type SettingName, settings } from '@waybill/api'
import type { Tx } from '../store/store.js'
import type { JobRow } from './lifecycle/rows.js'

export type EffectiveSettings = Readonly<Record<SettingName, string>>

const names: readonly string[] = Object.keys(settings)

function defaults(): Record<SettingName, string> {
  const values: Partial<Record<SettingName, string>> = {}
  for (const name of names) if (isSettingName(name)) values[name] = settings[name].default
  return values as Record<SettingName, string> // complete: every name was just visited
}

/** Settings as they act on a job: the workspace's, overruled by its queue's, overruled by its own. */
export async function effectiveSettings(
  db: Tx,
  workspace: string,
  job: Pick<JobRow, 'id' | 'parent'>,
): Promise<EffectiveSettings> {
  const order = [workspace, ...(job.parent === null ? [] : [job.parent]), job.id]
  const rows = await db
    .selectFrom('setting')
    .select(['entity', 'name', 'value'])
    .where('entity', 'in', order)
    .execute()
  const values = defaults()
  for (const entity of order) {
    for (const row of rows) if (row.entity === entity && isSettingName(row.name)) values[row.name] = row.value
  }
  return values
}

/** Settings of the workspace alone, for what belongs to no job. */
export async function workspaceSettings(db: Tx, workspace: string): Promise<EffectiveSettings> {
  return await effectiveSettings(db, workspace, { id: workspace, parent: null })
}

/** A setting that is a number; its default where somebody wrote something else. */
export function numberSetting(values: EffectiveSettings, name: SettingName): number {
  const value = Number(values[name].trim() === '' ? Number.NaN : values[name])
  return Number.isFinite(value) ? value : Number(settings[name].default)
}
