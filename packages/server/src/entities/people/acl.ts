import { sql } from 'kysely'
import { type Grant, parseGrants } from '../../access/grants.js'
import { creationFields } from '../engine/common-fields.js'
import { boolean, date, json, reference, text, word } from '../engine/fields.js'
import type { EntityKind, Field } from '../engine/kind.js'
import { shareReadable, userReadable } from '../engine/readable.js'

/** What the first of the granted paths says, which is shown as the ACL's own; queries compare its columns. */
function ofFirst(compared: Field, pick: (grant: Grant) => unknown): Field {
  return {
    ...compared,
    show: () => sql.ref('acl.paths'),
    read: (column: unknown) =>
      typeof column === 'string' ? (parseGrants(column).map(pick)[0] ?? null) : null,
  }
}

export const aclKind: EntityKind = {
  type: 'acl',
  table: 'acl',
  order: 'id',
  populations: {
    live: (eb) => eb('acl.inactive', '=', 0),
    inactive: (eb) => eb('acl.inactive', '=', 1),
  },
  fields: {
    id: word('acl.id'),
    entity: {
      ...reference('user', ['user'], 'acl.user'),
      show: (eb) => sql`'user:' || ${eb.ref('acl.user')}`,
    },
    entity_hr: text((eb) => userReadable(eb, eb.ref('acl.user'))),
    target: {
      ...reference('share', ['share', 'volume', 'folder', 'home', 'collection'], 'acl.share'),
      show: (eb) => sql`'share:' || ${eb.ref('acl.share')}`,
    },
    target_hr: text((eb) => shareReadable(eb, eb.ref('acl.share'))),
    path: ofFirst(text('acl.path'), ({ path }) => path),
    paths: json('acl.paths'),
    read: ofFirst(boolean('acl.read'), ({ read }) => read),
    write: ofFirst(boolean('acl.write'), ({ write }) => write),
    notify: boolean('acl.notify'),
    message: text('acl.message'),
    description: text('acl.description'),
    acknowledged: date('acl.acknowledged'),
    // Roles within a share and invitations by token have no rows of their own yet.
    role: word(() => sql`''`),
    token: text(() => sql`''`),
    status: word((eb) => sql`case when ${eb.ref('acl.inactive')} = 1 then 'inactive' else 'enabled' end`),
    ...creationFields('acl'),
  },
}
