import type { Tx } from '../store/store.js'

/**
 * Whether a standard user sees a job, as its creator, sender or receiver. Who does sees neither servers nor
 * volumes, so that nothing that is said of the job names them.
 */
export async function isSeenByStandardUsers(db: Tx, job: string): Promise<boolean> {
  const found = await db
    .selectFrom('job')
    .innerJoin('user', (join) =>
      join.on((eb) =>
        eb.or([
          eb('user.id', '=', eb.ref('job.user')),
          eb.and([eb('job.source_type', '=', 'user'), eb('user.id', '=', eb.ref('job.source_id'))]),
          eb.and([eb('job.destination_type', '=', 'user'), eb('user.id', '=', eb.ref('job.destination_id'))]),
        ]),
      ),
    )
    .select('user.id')
    .where('job.id', '=', job)
    .where('user.role', '=', 'standard')
    .limit(1)
    .execute()
  return found.length > 0
}
