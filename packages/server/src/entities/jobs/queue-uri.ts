import { type Expression, sql } from 'kysely'
import type { AnyBuilder } from '../../query/binding.js'

/** Queues above that a uri shows; deeper nesting is cut. */
const deepest = 5

/** Codes of the queues above and of the queue itself, joined by slashes: `film/high`. */
export function queueUri(eb: AnyBuilder, id: Expression<string | null>, level = 0): Expression<unknown> {
  const name = `queue_${level}`
  // The same table under a name of its own; the type of the alias makes no difference here.
  const source = `job as ${name}` as 'job as queue_0'
  const code = sql.ref(`${name}.code`)
  const above = sql.ref<string | null>(`${name}.parent`)
  const uri = level < deepest ? sql`coalesce(${queueUri(eb, above, level + 1)} || '/', '') || ${code}` : code
  return eb
    .selectFrom(source)
    .select(sql<string>`${uri}`.as('uri'))
    .where(sql.ref(`${name}.id`), '=', id)
}
