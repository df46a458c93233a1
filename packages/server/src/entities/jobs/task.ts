import { sql } from 'kysely'
import { date, integer, json, reference, text, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'
import { jobReadable } from '../engine/readable.js'

/** Tasks have no populations: all of a job's tasks are found, whatever their state and the job's. */
export const taskKind: EntityKind = {
  type: 'task',
  table: 'task',
  order: 'seq',
  populations: {},
  fields: {
    id: word('task.id'),
    uri: text('task.uri'),
    status: word('task.status'),
    status_hr: text('task.reason_hr'),
    status_code: text((eb) => eb.fn.coalesce(eb.ref('task.reason'), sql`''`)),
    job: reference('job', ['transfer', 'job'], 'task.job'),
    job_hr: text((eb) => jobReadable(eb, eb.ref('task.job'))),
    source: json('task.source'),
    destination: json('task.destination'),
    priority: integer('task.priority'),
    size: integer('task.size'),
    transferred: integer('task.transferred'),
    files: integer('task.files'),
    time: integer('task.time'),
    tries: integer('task.tries'),
    created: date('task.created'),
    finished: date('task.finished'),
    modified: date('task.modified'),
    metadata: json('task.metadata'),
  },
}
