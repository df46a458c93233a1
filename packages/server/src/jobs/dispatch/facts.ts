import type { Tx } from '../../store/store.js'
import { seenByStandardUsers } from '../audience.js'
import type { JobRow } from '../lifecycle/rows.js'
import { mainSiteOf, type Serving, type Side, servedAt, servingOf, siteOfSide } from './follow-servers.js'

/** What eligibility is decided on: a job and everything that may stand in its way, read at one time. */
export interface Facts {
  readonly job: JobRow
  /** Its queue and those above it, nearest first. */
  readonly queues: readonly { id: string; name: string; status: string; priority: number }[]
  /** The creator, and parties that are users. */
  readonly users: readonly { id: string; code: string; status: string; inactive: number }[]
  readonly sites: readonly { id: string; code: string; status: string }[]
  readonly shares: readonly ShareFacts[]
  /** Of the sides that are storage: what their servers serve of the job's volumes. */
  readonly storage: readonly StorageFacts[]
  /** Standard users see the job, who know of neither servers nor volumes. */
  readonly nameless: boolean
  readonly source: ClientFacts | undefined
  readonly destination: ClientFacts | undefined
}

export interface ShareFacts {
  readonly id: string
  readonly code: string
  readonly kind: string
  readonly status: string
  readonly inactive: number
}

export interface StorageFacts {
  readonly side: Side
  readonly site: string
  readonly served: readonly Pick<Serving, 'share' | 'code' | 'problem'>[]
}

export interface ClientFacts {
  readonly id: string
  readonly code: string
  readonly type: number
  readonly disabled: number
}

/** Loads the facts of many jobs with a handful of queries. */
export async function loadFacts(db: Tx, jobs: readonly JobRow[]): Promise<Facts[]> {
  const rows = {
    clients: db.selectFrom('client').select(['id', 'code', 'type', 'disabled']),
    users: db.selectFrom('user').select(['id', 'code', 'status', 'inactive']),
    sites: db.selectFrom('site').select(['id', 'code', 'status']),
    shares: db.selectFrom('share').select(['id', 'code', 'kind', 'status', 'inactive']),
  }
  const clients = byId(await rows.clients.where('id', 'in', some(jobs.flatMap(clientsOf))).execute())
  const users = byId(await rows.users.where('id', 'in', some(jobs.flatMap(usersOf))).execute())
  const sites = byId(await rows.sites.where('id', 'in', some(jobs.flatMap(sitesOf))).execute())
  const shares = byId(await rows.shares.where('id', 'in', some(jobs.flatMap(sharesOf))).execute())
  const queues = await loadQueues(db)
  const serving = await servingOf(db, jobs)
  const mainSite = await mainSiteOf(db)
  const nameless = await seenByStandardUsers(
    db,
    jobs.map(({ id }) => id),
  )
  return jobs.map((job) => ({
    job,
    queues: queuesAbove(queues, job.parent),
    users: pick(users, usersOf(job)),
    sites: pick(sites, sitesOf(job)),
    shares: pick(shares, sharesOf(job)),
    storage: storageOf(job, serving, mainSite),
    nameless: nameless.has(job.id),
    source: job.source_client === null ? undefined : clients.get(job.source_client),
    destination: job.destination_client === null ? undefined : clients.get(job.destination_client),
  }))
}

function storageOf(job: JobRow, serving: readonly Serving[], mainSite: string): StorageFacts[] {
  return (['source', 'destination'] as const).flatMap((side) => {
    const site = siteOfSide(job, side, mainSite)
    return site === undefined ? [] : [{ side, site, served: servedAt(serving, job, side, site) }]
  })
}

function present(...ids: (string | null)[]): string[] {
  return ids.filter((id) => id !== null)
}

const clientsOf = (job: JobRow) => present(job.source_client, job.destination_client)

const usersOf = (job: JobRow) =>
  present(
    job.user,
    job.source_type === 'user' ? job.source_id : null,
    job.destination_type === 'user' ? job.destination_id : null,
  )

const sitesOf = (job: JobRow) =>
  present(
    job.source_type === 'site' ? job.source_id : null,
    job.destination_type === 'site' ? job.destination_id : null,
  )

export function sharesOf(job: Pick<JobRow, 'shares'>): string[] {
  const ids: unknown = JSON.parse(job.shares)
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
}

/** `in ()` is no SQL; an id that nothing has stands for nothing. */
const some = (ids: readonly string[]) => (ids.length === 0 ? [''] : [...new Set(ids)])

function byId<T extends { readonly id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]))
}

function pick<T>(rows: ReadonlyMap<string, T>, ids: readonly string[]): T[] {
  return [...new Set(ids)].flatMap((id) => rows.get(id) ?? [])
}

type Queue = Facts['queues'][number] & { readonly parent: string | null }

async function loadQueues(db: Tx): Promise<Map<string, Queue>> {
  const rows = await db
    .selectFrom('job')
    .select(['id', 'name', 'status', 'priority', 'parent'])
    .where('kind', '=', 'queue')
    .execute()
  return byId(rows)
}

function queuesAbove(queues: ReadonlyMap<string, Queue>, parent: string | null): Queue[] {
  const above: Queue[] = []
  for (let id = parent; id !== null; ) {
    const queue = queues.get(id)
    if (queue === undefined || above.includes(queue)) break
    above.push(queue)
    id = queue.parent
  }
  return above
}
