import { commonFields } from '../engine/common-fields.js'
import { boolean, date, reference, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'

export const userKind: EntityKind = {
  type: 'user',
  table: 'user',
  order: 'id',
  populations: {
    live: (eb) => eb('user.inactive', '=', 0),
    inactive: (eb) => eb('user.inactive', '=', 1),
  },
  fields: {
    ...commonFields('user'),
    role: word('user.role'),
    status: word('user.status'),
    inactive: boolean('user.inactive'),
    logged_in: date('user.logged_in'),
    queue: reference('job', ['queue'], 'user.queue'),
  },
}
