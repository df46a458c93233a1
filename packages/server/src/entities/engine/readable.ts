import { type Expression, sql } from 'kysely'
import type { AnyBuilder } from '../../query/binding.js'

/**
 * The readable forms of references, `<type>:<code>(<id>)`, as SQL: one expression both shows them and lets
 * queries compare them, without a look-up per row. Null when there is no such entity.
 */
type Id = Expression<string | null>

/** `user:lisa@example.com[standard](<id>)` */
export function userReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('user as named_user')
    .select(
      sql<string>`'user:' || ${sql.ref('named_user.code')} || '[' || ${sql.ref('named_user.role')} || '](' ||
        ${sql.ref('named_user.id')} || ')'`.as('readable'),
    )
    .where('named_user.id', '=', id)
}

/** `workspace:studio(<id>)` */
function workspaceReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('workspace as named_workspace')
    .select(codeAndId('workspace', 'named_workspace').as('readable'))
    .where('named_workspace.id', '=', id)
}

/** `site:stockholm(<id>)` */
export function siteReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('site as named_site')
    .select(codeAndId('site', 'named_site').as('readable'))
    .where('named_site.id', '=', id)
}

/** `server:render7(<id>)` */
export function serverReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('client as named_client')
    .select(codeAndId('server', 'named_client').as('readable'))
    .where('named_client.id', '=', id)
}

/** `volume:storage(<id>)`, by the share's kind */
export function shareReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('share as named_share')
    .select(
      sql<string>`${sql.ref('named_share.kind')} || ':' || ${sql.ref('named_share.code')} || '(' ||
        ${sql.ref('named_share.id')} || ')'`.as('readable'),
    )
    .where('named_share.id', '=', id)
}

/** `queue:medium(<id>)` */
export function queueReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('job as named_queue')
    .select(codeAndId('queue', 'named_queue').as('readable'))
    .where('named_queue.id', '=', id)
}

/** `README.txt[7](<id>)`: a job's name, the number of its tasks and its id. */
export function jobReadable(eb: AnyBuilder, id: Id): Expression<unknown> {
  return eb
    .selectFrom('job as named_job')
    .select(
      sql<string>`${sql.ref('named_job.name')} || '[' || cast(${sql.ref('named_job.tasks_total')} as text) ||
        '](' || ${sql.ref('named_job.id')} || ')'`.as('readable'),
    )
    .where('named_job.id', '=', id)
}

/** A party in its readable form, by its type. */
export function partyReadable(eb: AnyBuilder, type: Expression<string | null>, id: Id): Expression<unknown> {
  return sql`case ${type}
    when 'workspace' then ${workspaceReadable(eb, id)}
    when 'site' then ${siteReadable(eb, id)}
    when 'user' then ${userReadable(eb, id)} end`
}

function codeAndId(type: string, alias: string) {
  return sql<string>`${sql.lit(`${type}:`)} || ${sql.ref(`${alias}.code`)} || '(' || ${sql.ref(`${alias}.id`)} || ')'`
}
