import { isSettingName, readSwitch, type SettingName, settingDefinition, settings } from '@waybill/api'
import type { Tx } from '../store/store.js'
import type { JobRow, TaskRow } from './lifecycle/rows.js'
import { readTaskParty } from './task-party.js'

export type EffectiveSettings = Readonly<Record<SettingName, string>>

/** What was given to each of some entities: id to name to value. */
export type GivenSettings = ReadonlyMap<string, ReadonlyMap<string, string>>

function defaultsOf(): Record<SettingName, string> {
  const values: Partial<Record<SettingName, string>> = {}
  for (const name of Object.keys(settings)) if (isSettingName(name)) values[name] = settings[name].default
  return values as Record<SettingName, string> // complete: every name was just visited
}
const defaults: EffectiveSettings = defaultsOf()

/** What is in force below all of `order`, the farthest first: what is nearer wins. */
export function inherit(given: GivenSettings, order: readonly string[], above = defaults): EffectiveSettings {
  const values = { ...above }
  for (const entity of order) {
    for (const [name, value] of given.get(entity) ?? []) if (isSettingName(name)) values[name] = value
  }
  return values
}

/** Settings as they act on a job: the workspace's, then its queues' from the top down, then its own. */
export async function effectiveSettings(
  db: Tx,
  workspace: string,
  job: Pick<JobRow, 'id' | 'parent'>,
): Promise<EffectiveSettings> {
  const order = [workspace, ...(await queuesAbove(db, job.parent)), job.id]
  return inherit(await givenSettings(db, order), order)
}

type PlacedTask = Pick<TaskRow, 'id' | 'source' | 'destination'>

/**
 * Settings as they act on tasks of a job: the workspace's, those of the shares that the task lies on (source,
 * then destination; volume, then what is beneath), the queues', the job's, the task's own. A handful of
 * queries, however many tasks; tasks with nothing of their own share one answer.
 */
export async function taskSettings(
  db: Tx,
  workspace: string,
  job: Pick<JobRow, 'id' | 'parent'>,
  tasks: readonly PlacedTask[],
): Promise<(task: PlacedTask) => EffectiveSettings> {
  const jobAndAbove = [...(await queuesAbove(db, job.parent)), job.id]
  const shares = new Map(tasks.map((task) => [task.id, sharesOf(task)]))
  const all = [workspace, ...new Set([...shares.values()].flat()), ...jobAndAbove]
  const given = await givenSettings(db, [...all, ...tasks.map(({ id }) => id)])
  const common = new Map<string, EffectiveSettings>()
  return (task) => {
    const own = shares.get(task.id) ?? sharesOf(task)
    const key = own.join(' ')
    let values = common.get(key)
    if (values === undefined) {
      values = inherit(given, [workspace, ...own, ...jobAndAbove])
      common.set(key, values)
    }
    return given.has(task.id) ? inherit(given, [task.id], values) : values
  }
}

/** The shares that a task lies on, those whose settings win last. */
function sharesOf(task: PlacedTask): string[] {
  const found = [readTaskParty(task.source), readTaskParty(task.destination)].flatMap(({ v, s }) => [v, s])
  return found.filter((id) => id !== undefined)
}

/** Settings of the workspace alone, for what belongs to no job. */
export async function workspaceSettings(db: Tx, workspace: string): Promise<EffectiveSettings> {
  return inherit(await givenSettings(db, [workspace]), [workspace])
}

/** Entities that one query names: databases have a limit. */
const perQuery = 500

/** What was given to these entities themselves. */
export async function givenSettings(db: Tx, entities: readonly string[]): Promise<GivenSettings> {
  const given = new Map<string, Map<string, string>>()
  for (let at = 0; at < entities.length; at += perQuery) {
    const rows = await db
      .selectFrom('setting')
      .select(['entity', 'name', 'value'])
      .where('entity', 'in', entities.slice(at, at + perQuery))
      .execute()
    for (const { entity, name, value } of rows) {
      const values = given.get(entity) ?? new Map<string, string>()
      given.set(entity, values.set(name, value))
    }
  }
  return given
}

/** A queue and those above it, from the top down. A ring of queues, should there be one, is walked once. */
export async function queuesAbove(db: Tx, queue: string | null): Promise<string[]> {
  const chain: string[] = []
  for (let id = queue; id !== null && !chain.includes(id); ) {
    chain.unshift(id)
    const row = await db.selectFrom('job').select('parent').where('id', '=', id).executeTakeFirst()
    id = row?.parent ?? null
  }
  return chain
}

/** A setting that is a number; its default where somebody wrote something else. */
export function numberSetting(values: EffectiveSettings, name: SettingName): number {
  const value = Number(values[name].trim() === '' ? Number.NaN : values[name])
  return Number.isFinite(value) ? value : Number(settings[name].default)
}

/** A setting with a word as its value; its default where somebody wrote something else. */
export function wordSetting(values: EffectiveSettings, name: SettingName): string {
  const { type, default: usual } = settingDefinition(name)
  const word = values[name].trim().toLowerCase()
  return type.kind !== 'choice' || type.values.includes(word) ? word : usual
}

/** A setting that is on or off; its default where somebody wrote something else. */
export function switchSetting(values: EffectiveSettings, name: SettingName): boolean {
  return readSwitch(values[name]) ?? readSwitch(settings[name].default) ?? false
}
