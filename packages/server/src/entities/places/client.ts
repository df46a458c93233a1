import type { EntityType } from '@waybill/api'
import { sql } from 'kysely'
import type { AnyBuilder } from '../../query/binding.js'
import { commonFields } from '../engine/common-fields.js'
import { date, integer, json, reference, text, word } from '../engine/fields.js'
import type { EntityKind } from '../engine/kind.js'
import { siteReadable, userReadable } from '../engine/readable.js'

/** A client that never came is `init`; else its switch and its line make the status. */
function status(eb: AnyBuilder) {
  return sql`case
    when ${eb.ref('client.disabled')} = 1 and ${eb.ref('client.online')} = 1 then 'disabled'
    when ${eb.ref('client.disabled')} = 1 then 'disabled-offline'
    when ${eb.ref('client.online')} = 1 then 'online'
    when ${eb.ref('client.last_checkin')} is null then 'init'
    else 'offline' end`
}

/** `client` is all of them, the other entity types are its filters by `type`. */
function clientKind(type: EntityType, number?: number): EntityKind {
  return {
    type,
    table: 'client',
    order: 'id',
    ...(number === undefined ? {} : { rows: (eb) => eb('client.type', '=', number) }),
    populations: {},
    fields: {
      ...commonFields('client'),
      type: integer('client.type'),
      status: word(status),
      os: text('client.os'),
      username: text('client.username'),
      version: text('client.version'),
      wan_ip: text('client.wan_ip'),
      site: reference('site', ['site'], 'client.site'),
      site_hr: text((eb) => siteReadable(eb, eb.ref('client.site'))),
      user: reference('user', ['user'], 'client.user'),
      user_hr: text((eb) => userReadable(eb, eb.ref('client.user'))),
      roles: text('client.roles'),
      last_checkin: date('client.last_checkin'),
      metrics: json('client.metrics'),
    },
  }
}

export const clientKinds: readonly EntityKind[] = [
  clientKind('client'),
  clientKind('app', 0),
  clientKind('server', 1),
  clientKind('userserver', 2),
  clientKind('browser', 3),
]
