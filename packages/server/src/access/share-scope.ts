import type { Expression, SqlBool } from 'kysely'
import type { Caller } from '../context.js'
import type { AnyBuilder, Condition } from '../query/binding.js'

/** The ids of the shares that the caller has an ACL in force on, as a sub-query. */
export function grantedShareIds(eb: AnyBuilder, caller: Caller) {
  return eb
    .selectFrom('acl as granting')
    .select('granting.share')
    .where('granting.user', '=', caller.user)
    .where('granting.inactive', '=', 0)
}

/**
 * Which rows of `share` the caller may see: admins all; employees the volumes that they were granted and what
 * lies beneath, but no homes of admins and other employees; standard users what they were granted, volumes
 * excepted. Everybody sees their own home.
 */
export function visibleShares(caller: Caller): Condition {
  return (eb) => {
    if (caller.role === 'admin') return eb.lit(true)
    const granted = eb('share.id', 'in', grantedShareIds(eb, caller))
    const ownHome = eb.and([eb('share.kind', '=', 'home'), eb('share.user', '=', caller.user)])
    if (caller.role === 'standard') {
      return eb.or([eb.and([eb('share.kind', '!=', 'volume'), granted]), ownHome])
    }
    const beneath = eb.and([
      eb('share.parent', 'in', grantedShareIds(eb, caller)),
      eb.or([eb('share.kind', '!=', 'home'), isHomeOfStandardUser(eb)]),
    ])
    return eb.or([granted, beneath, ownHome])
  }
}

function isHomeOfStandardUser(eb: AnyBuilder): Expression<SqlBool> {
  return eb.exists(
    eb
      .selectFrom('user as owner')
      .select('owner.id')
      .whereRef('owner.id', '=', 'share.user')
      .where('owner.role', '=', 'standard'),
  )
}
