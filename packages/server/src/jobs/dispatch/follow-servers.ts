import type { Tx } from '../../store/store.js'
import type { JobPatch, JobRow } from '../lifecycle/rows.js'
import { readTaskParty } from '../task-party.js'
import { sharesOf } from './facts.js'

/** Which server serves a volume at which site, and what is wrong with it there. */
export interface Serving {
  readonly share: string
  readonly code: string
  readonly site: string
  readonly client: string
  readonly problem: string
}

const sides = ['source', 'destination'] as const
export type Side = (typeof sides)[number]

/** Who serves the volumes that some jobs lie on, at whichever site. */
export async function servingOf(db: Tx, jobs: readonly JobRow[]): Promise<readonly Serving[]> {
  const shares = [...new Set(jobs.flatMap(sharesOf))]
  if (shares.length === 0) return []
  return await db
    .selectFrom('share_server')
    .innerJoin('share', 'share.id', 'share_server.share')
    .select(['share_server.share', 'share.code', 'share_server.site', 'share_server.client'])
    .select('share_server.problem')
    .where('share_server.share', 'in', shares)
    .execute()
}

export async function mainSiteOf(db: Tx): Promise<string> {
  return (await db.selectFrom('site').select('id').where('main', '=', 1).executeTakeFirstOrThrow()).id
}

/** The site whose storage is one side of a job; undefined where that is a user's machine. */
export function siteOfSide(job: JobRow, side: Side, mainSite: string): string | undefined {
  const type = job[`${side}_type`]
  return type === 'workspace' ? mainSite : type === 'site' ? (job[`${side}_id`] ?? undefined) : undefined
}

/** What the server that one side of a job is bound to serves of its volumes there. */
export function servedAt(serving: readonly Serving[], job: JobRow, side: Side, site: string): Serving[] {
  const shares = sharesOf(job)
  const client = job[`${side}_client`]
  return serving.filter((row) => row.client === client && row.site === site && shares.includes(row.share))
}

/**
 * Binds jobs that do not run to the servers that serve their volumes now: these may have changed since the jobs
 * were made. Answers with the jobs as they are then; one whose volume nobody serves stays as it was.
 */
export async function followServers(db: Tx, jobs: readonly JobRow[]): Promise<JobRow[]> {
  const waiting = jobs.filter(({ status }) => status !== 'running')
  const serving = await servingOf(db, waiting)
  if (waiting.length === 0) return [...jobs]
  const mainSite = await mainSiteOf(db)
  const moved = new Map<string, JobPatch>()
  for (const job of waiting) {
    for (const side of sides) {
      const site = siteOfSide(job, side, mainSite)
      if (site === undefined || servedAt(serving, job, side, site).length > 0) continue
      const volume = await volumeOf(db, job, side)
      const now = serving.find((row) => row.share === volume && row.site === site)
      if (now !== undefined) moved.set(job.id, { ...moved.get(job.id), [`${side}_client`]: now.client })
    }
  }
  for (const [id, patch] of moved) {
    // What began to run in the meantime keeps its servers.
    await db.updateTable('job').set(patch).where('id', '=', id).where('status', '!=', 'running').execute()
  }
  return jobs.map((job) => ({ ...job, ...moved.get(job.id) }))
}

async function volumeOf(db: Tx, job: JobRow, side: Side): Promise<string | undefined> {
  const task = await db
    .selectFrom('task')
    .select(side)
    .where('job', '=', job.id)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const json = task?.[side]
  return json === undefined ? undefined : readTaskParty(json).v
}
