import { commonFields } from '../engine/common-fields.js'
import { boolean, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'

export const siteKind: EntityKind = {
  type: 'site',
  table: 'site',
  order: 'id',
  populations: {},
  fields: { ...commonFields('site'), main: boolean('site.main'), status: word('site.status') },
}
