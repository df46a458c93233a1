import type { Tx } from '../store/store.js'

/**
 * Those of some jobs that standard users see, as creator, sender, receiver, or because they were told of it. They
 * see neither servers nor volumes, so that nothing that is said of such a job names them.
 */
export async function seenByStandardUsers(db: Tx, jobs: readonly string[]): Promise<ReadonlySet<string>> {
  if (jobs.length === 0) return new Set()
  const rows = await db
    .selectFrom('job')
    .select(['id', 'user', 'source_id', 'destination_id'])
    .where('id', 'in', [...jobs])
    .execute()
  const people = rows.flatMap(partiesOf)
  const standard = await db
    .selectFrom('user')
    .select('id')
    .where('id', 'in', people.length === 0 ? [''] : people)
    .where('role', '=', 'standard')
    .execute()
  const told = await db
    .selectFrom('recipient')
    .innerJoin('user', 'user.id', 'recipient.user')
    .select('recipient.job')
    .where('recipient.job', 'in', [...jobs])
    .where('user.role', '=', 'standard')
    .execute()
  const ids = new Set(standard.map(({ id }) => id))
  const seen = rows.filter((job) => partiesOf(job).some((id) => ids.has(id)))
  return new Set([...seen.map(({ id }) => id), ...told.map(({ job }) => job)])
}

/** Ids of whoever takes part; those of sites and workspaces are no user's. */
function partiesOf(job: Record<'user' | 'source_id' | 'destination_id', string | null>): string[] {
  return [job.user, job.source_id, job.destination_id].filter((id) => id !== null)
}
