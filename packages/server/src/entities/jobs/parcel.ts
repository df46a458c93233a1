import { type SqlBool, sql } from 'kysely'
import type { Condition } from '../../query/binding.js'
import { commonFields } from '../engine/common-fields.js'
import { boolean, date, integer, reference, text, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'
import { userReadable } from '../engine/readable.js'

const { description: _, ...common } = commonFields('job')

/** Deliveries, requests and streams: none can be made yet, so all that they do is to be found empty. */
function parcelKind(type: 'delivery' | 'request' | 'stream', rows: Condition): EntityKind {
  return {
    type,
    table: 'job',
    order: 'id',
    rows,
    populations: {
      live: (eb) => eb('job.population', '=', 'live'),
      finished: (eb) => eb('job.population', '=', 'finished'),
      archived: (eb) => eb('job.population', '=', 'archived'),
    },
    fields: {
      ...common,
      code: text('job.name'),
      status: word('job.status'),
      public: boolean(() => sql`0`),
      user: reference('user', ['user'], 'job.user'),
      user_hr: text((eb) => userReadable(eb, eb.ref('job.user'))),
      parent: reference('job', ['queue'], 'job.parent'),
      size: integer('job.size'),
      expires: date(() => sql`null`),
    },
  }
}

export const parcelKinds: readonly EntityKind[] = [
  parcelKind('delivery', (eb) => eb('job.kind', '=', 'delivery')),
  parcelKind('request', (eb) => eb('job.kind', '=', 'request')),
  parcelKind('stream', () => sql<SqlBool>`1 = 0`),
]
