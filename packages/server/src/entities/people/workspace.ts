import { commonFields } from '../engine/common-fields.js'
import { word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'

/** The store narrows the table to the one row of the caller's workspace. */
export const workspaceKind: EntityKind = {
  type: 'workspace',
  table: 'workspace',
  order: 'id',
  populations: {},
  fields: { ...commonFields('workspace'), status: word('workspace.status') },
}
