import { sql } from 'kysely'
import type { Condition } from '../../query/binding.js'
import type { Flag } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import { builder } from '../engine/find.js'
import { refreshShareForce } from '../places/share-force.js'

/**
 * Brings what hangs on a user or on a share in line after it was set aside or brought back: a user's home, the
 * shares on a volume, and the ACLs, of which those are in force whose user and share both are. In the
 * transaction that changed `user.inactive` or `share.aside`.
 */
export async function refreshAclForce(
  tx: Tx,
  of: { readonly user: string } | { readonly share: string },
): Promise<void> {
  const shares: Condition =
    'user' in of
      ? (eb) => eb.and([eb('share.kind', '=', 'home'), eb('share.user', '=', of.user)])
      : (eb) => eb.or([eb('share.id', '=', of.share), eb('share.parent', '=', of.share)])
  await refreshShareForce(tx, shares)
  await tx
    .updateTable('acl')
    .set({ inactive: (eb) => sql<Flag>`case when ${outOfForce(eb)} then 1 else 0 end` })
    .where((eb) => {
      const onThese = eb('acl.share', 'in', eb.selectFrom('share').select('share.id').where(shares(builder)))
      return 'user' in of ? eb.or([eb('acl.user', '=', of.user), onThese]) : onThese
    })
    .execute()
}

const outOfForce: Condition = (eb) =>
  eb.or([
    eb.exists(
      eb
        .selectFrom('user as grantee')
        .select('grantee.id')
        .whereRef('grantee.id', '=', 'acl.user')
        .where('grantee.inactive', '=', 1),
    ),
    eb.exists(
      eb
        .selectFrom('share as granted')
        .select('granted.id')
        .whereRef('granted.id', '=', 'acl.share')
        .where('granted.inactive', '=', 1),
    ),
  ])
