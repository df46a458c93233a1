import { type EntityType, findEntityType, isEntityId, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import { queuesAbove } from '../../jobs/effective-settings.js'
import { readTaskParty } from '../../jobs/task-party.js'
import type { Tx } from '../../store/store.js'

/** What settings belong to. */
export interface Holder {
  readonly entitytype: EntityType
  readonly id: string
}

const jobs: readonly EntityType[] = ['queue', 'transfer', 'delivery', 'request']
const shares: readonly EntityType[] = ['volume', 'folder', 'home', 'collection']
const holders: readonly EntityType[] = ['workspace', ...jobs, 'task', ...shares, 'site', 'user']

export function isJob({ entitytype }: Holder): boolean {
  return jobs.includes(entitytype)
}

export function isShare({ entitytype }: Holder): boolean {
  return shares.includes(entitytype)
}

/** How a call names what it is about. */
export interface Named {
  readonly entitytype: string | undefined
  readonly id: string | undefined
  /** A share of any kind, by id or code. */
  readonly share: string | undefined
}

/**
 * What a call for settings is about; the workspace when it names nothing. `job` and `share` stand for jobs and
 * shares of any kind, so the id decides. Whether the caller may see it is not looked at here.
 */
export async function holderOf(ctx: CallContext, { entitytype, id, share }: Named): Promise<Holder> {
  if (share !== undefined && share !== '') return await shareNamed(ctx, share)
  const named = entitytype === undefined || entitytype === '' ? 'workspace' : findEntityType(entitytype)
  if (named === undefined || !holders.includes(named)) {
    throw new WaybillError('unknown_entity', `There are no settings of ${JSON.stringify(entitytype)}`)
  }
  if (named === 'workspace') return { entitytype: named, id: ctx.workspace.id }
  if (id === undefined || id === '') {
    throw new WaybillError('bad_request', `Which ${named}? Its id is missing`)
  }
  const { db } = ctx.store
  if (named === 'transfer') {
    const job = await db.selectFrom('job').select('kind').where('id', '=', id).executeTakeFirst()
    return { entitytype: job?.kind ?? named, id }
  }
  if (named === 'folder') {
    const found = await db.selectFrom('share').select('kind').where('id', '=', id).executeTakeFirst()
    return { entitytype: found?.kind ?? named, id }
  }
  return { entitytype: named, id }
}

async function shareNamed({ store }: CallContext, text: string): Promise<Holder> {
  const key = text.replace(/^(?:share|volume|folder|home|collection)[:=]/i, '').toLowerCase()
  const found = await store.db
    .selectFrom('share')
    .select(['id', 'kind'])
    .where(isEntityId(key) ? 'id' : 'code', '=', key)
    .executeTakeFirst()
  // An id that nothing has is answered as one that the caller does not see.
  return found === undefined ? { entitytype: 'folder', id: key } : { entitytype: found.kind, id: found.id }
}

/** Refuses what was deleted meanwhile: settings of nothing would stay for ever. */
export async function demandThere(tx: Tx, { entitytype, id }: Holder): Promise<void> {
  if (entitytype === 'workspace') return
  const table = tableOf(entitytype)
  const found = await tx.selectFrom(table).select('id').where('id', '=', id).executeTakeFirst()
  if (found === undefined) throw new WaybillError('not_found', `There is no ${entitytype} ${id}`)
}

function tableOf(entitytype: EntityType): 'job' | 'share' | 'task' | 'site' | 'user' {
  if (jobs.includes(entitytype)) return 'job'
  if (shares.includes(entitytype)) return 'share'
  return entitytype === 'task' || entitytype === 'site' ? entitytype : 'user'
}

/** Ids of what the holder inherits from, the farthest first; the same order in which settings act. */
export async function placesAbove(db: Tx, workspace: string, holder: Holder): Promise<readonly string[]> {
  const { entitytype, id } = holder
  if (entitytype === 'workspace') return []
  if (isJob(holder)) {
    const job = await db.selectFrom('job').select('parent').where('id', '=', id).executeTakeFirst()
    return [workspace, ...(await queuesAbove(db, job?.parent ?? null))]
  }
  if (isShare(holder)) {
    const share = await db.selectFrom('share').select('parent').where('id', '=', id).executeTakeFirst()
    return share?.parent == null ? [workspace] : [workspace, share.parent]
  }
  if (entitytype !== 'task') return [workspace]
  const task = await db
    .selectFrom('task')
    .select(['job', 'source', 'destination'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (task === undefined) return [workspace]
  const ends = [readTaskParty(task.source), readTaskParty(task.destination)]
  const on = ends.flatMap(({ v, s }) => [v, s]).filter((share) => share !== undefined)
  // The chain above a job begins with the job itself.
  return [workspace, ...on, ...(await queuesAbove(db, task.job))]
}
