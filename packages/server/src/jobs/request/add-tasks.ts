import { createHash } from 'node:crypto'
import { newId, newUuid, type TaskStatus, WaybillError } from '@waybill/api'
import { type Change, readJob } from '../lifecycle/apply-job.js'
import { addCounts, moveTasks } from '../lifecycle/move-tasks.js'
import type { JobRow, NewTask, TaskRow } from '../lifecycle/rows.js'
import { isHeld } from '../lifecycle/task-machine.js'
import { readTaskParty, type TaskParty } from '../task-party.js'
import type { TaskRequest } from './payload.js'

/** A task whose two ends are known. */
export interface ResolvedTask {
  readonly request: TaskRequest
  readonly source: TaskParty
  readonly destination: TaskParty
  readonly fingerprint: string
  /** Ids of the shares that it lies on. */
  readonly shares: readonly string[]
}

/** Rows in one statement: databases limit how many values it may carry. */
const perInsert = 50

export interface Added {
  /** Ids of the tasks, added or retried, in the order asked for. */
  readonly ids: readonly string[]
  readonly added: number
  readonly retried: number
}

/**
 * Adds tasks to a job. One that equals an existing task (same source and destination) is retried instead, or
 * refused where duplicates are; one that is under way already is left alone.
 */
export async function addTasks(
  change: Change,
  job: JobRow,
  tasks: readonly ResolvedTask[],
  options: { readonly allowDuplicates: boolean },
): Promise<Added> {
  const ids: string[] = []
  const fresh: NewTask[] = []
  const retry: string[] = []
  const known = new Map<string, string>()
  const uris = new UriMaker(await takenUris(change, job, tasks), job.tasks_total)
  let seq = await nextSeq(change, job.id)
  for (let i = 0; i < tasks.length; i += perInsert) {
    const slice = tasks.slice(i, i + perInsert)
    const existing = await findExisting(
      change,
      job.id,
      slice.map(({ fingerprint }) => fingerprint),
    )
    for (const task of slice) {
      const { fingerprint } = task
      const twin = existing.get(fingerprint)
      const id = twin?.id ?? known.get(fingerprint)
      if (id !== undefined) {
        if (!options.allowDuplicates) {
          throw new WaybillError(
            'duplicate',
            `The job has a task from ${task.request.source} to there already`,
          )
        }
        ids.push(id)
        if (twin !== undefined && !isHeld(twin.status) && isPlaced(twin)) retry.push(id)
        continue
      }
      const row = newTask(change, job, task, seq, uris.next(task.request.uri))
      seq += 1
      known.set(fingerprint, row.id)
      ids.push(row.id)
      fresh.push(row)
    }
  }
  await insertAll(change, job, fresh)
  await insertSettings(change, tasks, ids)
  const retried = await retryAll(change, job.id, retry)
  return { ids, added: fresh.length, retried }
}

async function retryAll(change: Change, job: string, ids: readonly string[]): Promise<number> {
  let moved = 0
  for (let i = 0; i < ids.length; i += 500) {
    moved += await moveTasks(change, job, 'putQueued', { ids: ids.slice(i, i + 500) })
  }
  return moved
}

async function insertAll(change: Change, job: JobRow, rows: readonly NewTask[]): Promise<void> {
  const counts: Partial<Record<TaskStatus | 'total', number>> = { total: rows.length }
  for (let i = 0; i < rows.length; i += perInsert) {
    const slice = rows.slice(i, i + perInsert)
    await change.tx.insertInto('task').values(slice).execute()
    for (const { status } of slice) counts[status] = (counts[status] ?? 0) + 1
  }
  await addCounts(change, job.id, counts)
}

async function insertSettings(
  { tx, workspace, now }: Change,
  tasks: readonly ResolvedTask[],
  ids: readonly string[],
): Promise<void> {
  for (const [i, { request }] of tasks.entries()) {
    const entity = ids[i]
    if (request.settings === undefined || entity === undefined) continue
    for (const [name, value] of Object.entries(request.settings)) {
      await tx
        .insertInto('setting')
        .values({ id: newId(now), workspace, entitytype: 'task', entity, name, value })
        .onConflict((conflict) =>
          conflict.columns(['workspace', 'entitytype', 'entity', 'name']).doUpdateSet({ value }),
        )
        .execute()
    }
  }
}

function newTask(
  { now, workspace }: Change,
  job: JobRow,
  { request, source, destination, fingerprint }: ResolvedTask,
  seq: number,
  uri: string,
): NewTask {
  const status = destination.path === undefined && request.status === 'queued' ? 'pending' : request.status
  return {
    id: newUuid(),
    workspace,
    job: job.id,
    seq,
    uri,
    status,
    reason: null,
    reason_hr: '',
    priority: request.priority,
    source: JSON.stringify(source),
    destination: JSON.stringify(destination),
    fingerprint,
    measured: 0,
    size: 0,
    transferred: 0,
    files: 0,
    time: 0,
    tries: 0,
    run: 0,
    created: now,
    finished: null,
    modified: now,
    metadata: request.metadata === undefined ? null : JSON.stringify(request.metadata),
  }
}

/** The same for tasks with the same source and destination (their ends' keys), whenever these were written. */
export function fingerprintOf(source: string, destination: string): string {
  return createHash('sha256')
    .update(JSON.stringify([source, destination]))
    .digest('base64url')
    .slice(0, 32)
}

async function findExisting({ tx }: Change, job: string, fingerprints: readonly string[]) {
  const rows: Pick<TaskRow, 'id' | 'fingerprint' | 'status' | 'destination'>[] = await tx
    .selectFrom('task')
    .select(['id', 'fingerprint', 'status', 'destination'])
    .where('job', '=', job)
    .where('fingerprint', 'in', fingerprints)
    .execute()
  return new Map(rows.map((row) => [row.fingerprint, row]))
}

/** One whose receiver has yet to choose a place is not queued by sending it again. */
function isPlaced({ destination }: Pick<TaskRow, 'destination'>): boolean {
  return readTaskParty(destination).path !== undefined
}

async function nextSeq({ tx }: Change, job: string): Promise<number> {
  const row = await tx
    .selectFrom('task')
    .select((eb) => eb.fn.max('seq').as('last'))
    .where('job', '=', job)
    .executeTakeFirst()
  return (row?.last ?? -1) + 1
}

async function takenUris({ tx }: Change, job: JobRow, tasks: readonly ResolvedTask[]): Promise<Set<string>> {
  const wanted = tasks.flatMap(({ request }) => request.uri ?? [])
  const taken = new Set<string>()
  for (let i = 0; i < wanted.length; i += 500) {
    const rows = await tx
      .selectFrom('task')
      .select('uri')
      .where('job', '=', job.id)
      .where('uri', 'in', wanted.slice(i, i + 500))
      .execute()
    for (const { uri } of rows) taken.add(uri)
  }
  return taken
}

/** Gives out uris: the one asked for, or the next number that is free. */
class UriMaker {
  constructor(
    private readonly taken: Set<string>,
    private counter: number,
  ) {}

  next(wanted: string | undefined): string {
    if (wanted === undefined) {
      while (this.taken.has(String(this.counter))) this.counter += 1
      return this.take(String(this.counter))
    }
    if (this.taken.has(wanted))
      throw new WaybillError('conflict', `The job has a task with the uri "${wanted}" already`)
    return this.take(wanted)
  }

  private take(uri: string): string {
    this.taken.add(uri)
    return uri
  }
}

/** Notes the shares that a job lies on, so that it waits when one of them is out of use. */
export async function noteShares(change: Change, job: JobRow, tasks: readonly ResolvedTask[]): Promise<void> {
  const fresh = await readJob(change, job.id)
  if (fresh === undefined) return
  const before: unknown = JSON.parse(fresh.shares)
  const ids = new Set(Array.isArray(before) ? before.filter((id) => typeof id === 'string') : [])
  const size = ids.size
  for (const { shares } of tasks) for (const share of shares) ids.add(share)
  if (ids.size === size) return
  await demandStillThere(change, [...ids].slice(size))
  await change.tx
    .updateTable('job')
    .set({ shares: JSON.stringify([...ids]) })
    .where('id', '=', job.id)
    .execute()
}

/** What was found before the transaction may be gone by now; a job on it would wait for ever. */
async function demandStillThere({ tx }: Change, shares: readonly string[]): Promise<void> {
  const found = await tx.selectFrom('share').select('id').where('id', 'in', shares).execute()
  if (found.length === shares.length) return
  throw new WaybillError('not_found', 'A share that the files lie on was deleted just now')
}
