import type { Tx } from '../../store/store.js'
import type { JobRow } from '../lifecycle/rows.js'

/** Where a job stands among others: the queue's priority first, then its place within the queue. */
export interface Urgency {
  readonly priority: number
  readonly position: number
  readonly id: string
}

/** Negative when `a` is more urgent than `b`. */
export function compareUrgency(a: Urgency, b: Urgency): number {
  return b.priority - a.priority || a.position - b.position || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

export async function urgencyOf(db: Tx, job: Pick<JobRow, 'id' | 'position' | 'parent'>): Promise<Urgency> {
  const queue =
    job.parent === null
      ? undefined
      : await db.selectFrom('job').select('priority').where('id', '=', job.parent).executeTakeFirst()
  return { priority: queue?.priority ?? 0, position: job.position, id: job.id }
}

/** Which jobs to look at: those that may be held up, or held, by what changed. */
export type Selection =
  | { readonly by: 'client' | 'queue' | 'user' | 'share' | 'site'; readonly id: string }
  | { readonly by: 'pair'; readonly clients: readonly [string, string] }
  | { readonly by: 'all' }

const pageSize = 100

/** Jobs of a selection that wait, run or are to be measured, most urgent first, in pages. */
export async function* jobsByUrgency(db: Tx, selection: Selection): AsyncGenerator<JobRow[]> {
  let after: Urgency | undefined
  for (;;) {
    const page = await nextPage(db, selection, after)
    if (page.length > 0) yield page.map(({ queue_priority: _, ...job }) => job)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = { priority: last.queue_priority, position: last.position, id: last.id }
  }
}

async function nextPage(db: Tx, selection: Selection, after: Urgency | undefined) {
  let query = db
    .selectFrom('job')
    .leftJoin('job as queue', 'queue.id', 'job.parent')
    .selectAll('job')
    .select((eb) => eb.fn.coalesce('queue.priority', eb.lit(0)).as('queue_priority'))
    .where('job.kind', '=', 'transfer')
    .where('job.population', '=', 'live')
    .where((eb) =>
      eb.or([
        eb('job.status', 'in', ['init', 'waiting', 'running']),
        eb.and([eb('job.status', '=', 'paused'), eb('job.measured', '=', 0)]),
      ]),
    )
  if (selection.by === 'client') {
    const { id } = selection
    query = query.where((eb) =>
      eb.or([eb('job.source_client', '=', id), eb('job.destination_client', '=', id)]),
    )
  } else if (selection.by === 'pair') {
    const [a, b] = selection.clients
    query = query
      .where((eb) =>
        eb.or([
          eb.and([eb('job.source_client', '=', a), eb('job.destination_client', '=', b)]),
          eb.and([eb('job.source_client', '=', b), eb('job.destination_client', '=', a)]),
        ]),
      )
      .where('job.status', '=', 'waiting')
  } else if (selection.by === 'queue') {
    query = query.where('job.parent', '=', selection.id)
  } else if (selection.by === 'user' || selection.by === 'site') {
    const { id } = selection
    query = query.where((eb) =>
      eb.or([eb('job.user', '=', id), eb('job.source_id', '=', id), eb('job.destination_id', '=', id)]),
    )
  } else if (selection.by === 'share') {
    query = query.where('job.shares', 'like', `%"${selection.id}"%`)
  }
  if (after !== undefined) {
    const { priority, position, id } = after
    query = query.where((eb) => {
      const queuePriority = eb.fn.coalesce('queue.priority', eb.lit(0))
      return eb.or([
        eb(queuePriority, '<', priority),
        eb.and([eb(queuePriority, '=', priority), eb('job.position', '>', position)]),
        eb.and([eb(queuePriority, '=', priority), eb('job.position', '=', position), eb('job.id', '>', id)]),
      ])
    })
  }
  return await query
    .orderBy('queue_priority', 'desc')
    .orderBy('job.position')
    .orderBy('job.id')
    .limit(pageSize)
    .execute()
}
