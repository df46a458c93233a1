import { type Expression, sql } from 'kysely'
import type { AnyBuilder } from '../../query/binding.js'
import {
  boolean,
  date,
  decimal,
  duration,
  integer,
  json,
  percent,
  reference,
  speed,
  text,
  word,
} from '../engine/fields.js'
import type { EntityKind, Field } from '../engine/kind.js'
import { partyReadable, queueReadable, userReadable } from '../engine/readable.js'
import { queueUri } from './queue-uri.js'

function party(side: 'source' | 'destination'): Field {
  const type = (eb: AnyBuilder): Expression<unknown> => eb.ref(`job.${side}_type`)
  const id = (eb: AnyBuilder): Expression<unknown> => eb.ref(`job.${side}_id`)
  return {
    binding: { kind: 'party', typeColumn: type, idColumn: id },
    show: (eb) => sql`${type(eb)} || ':' || ${id(eb)}`,
  }
}

function queueColumn(eb: AnyBuilder, column: 'code' | 'priority') {
  return eb
    .selectFrom('job as its_queue')
    .select(`its_queue.${column}`)
    .where('its_queue.id', '=', eb.ref('job.parent'))
}

/**
 * Why it waits. Behind which job is looked up when it is asked: what ran when the job began to wait may be long
 * done, and telling every job of the queue at each turn would cost a write for each.
 */
function statusInWords(eb: AnyBuilder) {
  const ahead = eb
    .selectFrom('lease')
    .innerJoin('job as running', 'running.id', 'lease.job')
    .select('running.name')
    .where((on) =>
      on.or([
        on.and([
          on('lease.source_client', '=', eb.ref('job.source_client')),
          on('lease.destination_client', '=', eb.ref('job.destination_client')),
        ]),
        on.and([
          on('lease.source_client', '=', eb.ref('job.destination_client')),
          on('lease.destination_client', '=', eb.ref('job.source_client')),
        ]),
      ]),
    )
    // Whoever copies within one server is not told what others copy there.
    .whereRef('lease.source_client', '!=', 'lease.destination_client')
    .orderBy('lease.slot')
    .limit(1)
  return sql<string>`case when ${eb.ref('job.status')} = 'waiting' and ${eb.ref('job.reason')} = 'W#J053'
    then coalesce('Queued behind ' || (${ahead}) || ', which runs between the same two machines', ${eb.ref('job.reason_hr')})
    else ${eb.ref('job.reason_hr')} end`
}

export const transferKind: EntityKind = {
  type: 'transfer',
  table: 'job',
  order: 'id',
  rows: (eb) => eb('job.kind', '=', 'transfer'),
  populations: {
    live: (eb) => eb('job.population', '=', 'live'),
    finished: (eb) => eb('job.population', '=', 'finished'),
    archived: (eb) => eb('job.population', '=', 'archived'),
  },
  fields: {
    id: word('job.id'),
    // Jobs have no unique code: what is called so is the name.
    code: text('job.name'),
    name: text('job.name'),
    description: text('job.description'),
    status: word('job.status'),
    status_hr: text(statusInWords),
    status_code: text((eb) => eb.fn.coalesce(eb.ref('job.reason'), sql`''`)),
    source: party('source'),
    source_hr: text((eb) => partyReadable(eb, eb.ref('job.source_type'), eb.ref('job.source_id'))),
    destination: party('destination'),
    destination_hr: text((eb) =>
      partyReadable(eb, eb.ref('job.destination_type'), eb.ref('job.destination_id')),
    ),
    created: date('job.created'),
    started: date('job.started'),
    finished: date('job.finished'),
    modified: date('job.modified'),
    modifier: reference('user', ['user'], 'job.modifier_user'),
    user: reference('user', ['user'], 'job.user'),
    user_hr: text((eb) => userReadable(eb, eb.ref('job.user'))),
    size: integer('job.size'),
    transferred: integer('job.transferred'),
    progress: percent(
      (eb) => eb.ref('job.transferred'),
      (eb) => eb.ref('job.size'),
      (eb) => sql`${eb.ref('job.status')} = 'done'`,
    ),
    speed: speed('job.speed'),
    etr: duration('job.etr'),
    uri: text((eb) => queueUri(eb, eb.ref('job.parent'))),
    parent: reference('job', ['queue'], 'job.parent'),
    parent_hr: text((eb) => queueReadable(eb, eb.ref('job.parent'))),
    queue: { ...reference('job', ['queue'], 'job.parent'), show: (eb) => queueColumn(eb, 'code') },
    priority: integer((eb) => queueColumn(eb, 'priority')),
    position: decimal('job.position'),
    metadata: json('job.metadata'),
    hooks: json('job.hooks'),
    dryrun: boolean('job.dry_run'),
    retries: integer('job.retries'),
    tasks_total: integer('job.tasks_total'),
    tasks_done: integer('job.tasks_done'),
    tasks_failed: integer('job.tasks_failed'),
    delivery: reference('job', ['delivery', 'request'], 'job.delivery'),
  },
}
