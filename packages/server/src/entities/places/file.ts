import { sql } from 'kysely'
import { date, reference, text, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'
import { shareReadable } from '../engine/readable.js'

/** Found within one collection only, in the order of their names there. */
export const fileKind: EntityKind = {
  type: 'file',
  table: 'collection_file',
  order: 'name',
  populations: {},
  fields: {
    id: word('collection_file.id'),
    name: text('collection_file.name'),
    path: text((eb) => {
      const volume = eb
        .selectFrom('share as file_volume')
        .select('file_volume.code')
        .whereRef('file_volume.id', '=', 'collection_file.volume')
      return sql`'volume=' || ${volume} || '/' || ${eb.ref('collection_file.path')}`
    }),
    parent: reference('share', ['collection', 'share'], 'collection_file.collection'),
    parent_hr: text((eb) => shareReadable(eb, eb.ref('collection_file.collection'))),
    created: date('collection_file.created'),
    creator: text('collection_file.creator'),
  },
}
