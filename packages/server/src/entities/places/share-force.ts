import { sql } from 'kysely'
import type { Condition } from '../../query/binding.js'
import type { Flag } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import { builder } from '../engine/find.js'

/**
 * Which shares are in force: a share is inactive when somebody set it aside, or the volume that it lies on, or
 * the user whose home it is. Everything else reads `inactive` alone; whoever changes one of these facts calls
 * `refreshShareForce` in the same transaction.
 */
export async function refreshShareForce(tx: Tx, which: Condition): Promise<void> {
  await tx
    .updateTable('share')
    .set({ inactive: (eb) => sql<Flag>`case when ${outOfForce(eb)} then 1 else 0 end` })
    .where(which(builder))
    .execute()
}

const outOfForce: Condition = (eb) =>
  eb.or([
    eb('share.aside', '=', 1),
    eb.exists(
      eb
        .selectFrom('share as above')
        .select('above.id')
        .whereRef('above.id', '=', 'share.parent')
        .where('above.aside', '=', 1),
    ),
    eb.and([
      eb('share.kind', '=', 'home'),
      eb.exists(
        eb
          .selectFrom('user as owner')
          .select('owner.id')
          .whereRef('owner.id', '=', 'share.user')
          .where('owner.inactive', '=', 1),
      ),
    ]),
  ])
