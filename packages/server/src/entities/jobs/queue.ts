import { sql } from 'kysely'
import { commonFields } from '../engine/common-fields.js'
import { boolean, integer, reference, text, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'
import { queueReadable } from '../engine/readable.js'
import { queueUri } from './queue-uri.js'

export const queueKind: EntityKind = {
  type: 'queue',
  table: 'job',
  order: 'id',
  rows: (eb) => eb('job.kind', '=', 'queue'),
  populations: {},
  fields: {
    ...commonFields('job'),
    priority: integer('job.priority'),
    default: boolean('job.is_default'),
    compute_default: boolean('job.compute_default'),
    status: word('job.status'),
    status_hr: text((eb) => sql`case when ${eb.ref('job.status')} = 'paused' then 'Paused' else '' end`),
    parent: reference('job', ['queue'], 'job.parent'),
    parent_hr: text((eb) => queueReadable(eb, eb.ref('job.parent'))),
    uri: text((eb) => queueUri(eb, eb.ref('job.id'))),
  },
}
