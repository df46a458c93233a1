import { type Expression, type SqlBool, sql } from 'kysely'
import type { AnyBuilder } from '../../query/binding.js'
import type { ShareTable } from '../../store/schema.js'
import { commonFields } from '../engine/common-fields.js'
import { boolean, json, reference, text, word } from '../engine/fields.js'
import type { EntityKind, Field } from '../engine/kind.js'
import { serverReadable, shareReadable, userReadable } from '../engine/readable.js'
import { siteServers } from './volumes/site-servers.js'

/** A server that serves a volume, is connected, may be used and finds the volume's directory. */
function serving(eb: AnyBuilder, volume: Expression<unknown>) {
  return eb
    .selectFrom('share_server as serving')
    .innerJoin('client as serving_client', 'serving_client.id', 'serving.client')
    .select('serving.id')
    .where('serving.share', '=', sql<string>`${volume}`)
    .where('serving.problem', '=', '')
    .where('serving_client.online', '=', 1)
    .where('serving_client.disabled', '=', 0)
}

/** Whether it can be used now: for a collection, whether all of its files can. */
function isServed(eb: AnyBuilder) {
  const file = eb
    .selectFrom('collection_file as its_file')
    .select('its_file.id')
    .where('its_file.collection', '=', eb.ref('share.id'))
    .where((inner) => inner.not(inner.exists(serving(eb, sql.ref('its_file.volume')))))
  return sql<SqlBool>`case when ${eb.ref('share.kind')} = 'collection' then ${eb.not(eb.exists(file))}
    else ${eb.exists(serving(eb, eb.fn.coalesce(eb.ref('share.parent'), eb.ref('share.id'))))} end`
}

/** What a connected server says of its directory, when none can serve it. */
function problem(eb: AnyBuilder) {
  return eb
    .selectFrom('share_server as failing')
    .innerJoin('client as failing_client', 'failing_client.id', 'failing.client')
    .select(
      sql<string>`${sql.ref('failing_client.code')} || ': ' || ${sql.ref('failing.problem')}`.as('words'),
    )
    .where('failing.share', '=', eb.fn.coalesce(eb.ref('share.parent'), eb.ref('share.id')))
    .where('failing.problem', '<>', '')
    .where('failing_client.online', '=', 1)
    .orderBy('failing.id')
    .limit(1)
}

/** The server at the main site. */
function mainServer(eb: AnyBuilder) {
  return eb
    .selectFrom('share_server as main_server')
    .innerJoin('site as main_site', 'main_site.id', 'main_server.site')
    .select('main_server.client')
    .where('main_server.share', '=', eb.ref('share.id'))
    .where('main_site.main', '=', 1)
    .limit(1)
}

const fields: Readonly<Record<string, Field>> = {
  ...commonFields('share'),
  email: text('share.email'),
  parent: reference('share', ['volume', 'folder'], 'share.parent'),
  parent_hr: text((eb) => shareReadable(eb, eb.ref('share.parent'))),
  path: text('share.path'),
  queue: reference('job', ['queue'], 'share.queue'),
  status: word(
    (eb) => sql`case
      when ${eb.ref('share.status')} = 'enabled' and ${isServed(eb)} then 'enabled'
      when ${eb.ref('share.status')} = 'enabled' then 'offline'
      when ${isServed(eb)} then 'disabled'
      else 'disabled-offline' end`,
  ),
  status_hr: text(
    (eb) => sql`case
      when ${eb.ref('share.status')} = 'disabled' then 'Disabled'
      when ${isServed(eb)} then ''
      else coalesce(${problem(eb)}, 'No server that serves it is online') end`,
  ),
  inactive: boolean('share.inactive'),
}

const ofVolumes: Readonly<Record<string, Field>> = {
  default: boolean('share.is_default'),
  paths: json('share.paths'),
  server: reference('client', ['server', 'client'], mainServer),
  server_hr: text((eb) => serverReadable(eb, sql<string | null>`${mainServer(eb)}`)),
  siteservers: { lookup: siteServers },
}

function shareKind(kind: ShareTable['kind'], own: Readonly<Record<string, Field>> = {}): EntityKind {
  return {
    type: kind,
    table: 'share',
    order: 'id',
    rows: (eb) => eb('share.kind', '=', kind),
    populations: {
      live: (eb) => eb('share.inactive', '=', 0),
      inactive: (eb) => eb('share.inactive', '=', 1),
    },
    fields: { ...fields, ...own },
  }
}

export const shareKinds: readonly EntityKind[] = [
  shareKind('volume', ofVolumes),
  shareKind('folder'),
  shareKind('home', {
    user: reference('user', ['user'], 'share.user'),
    user_hr: text((eb) => userReadable(eb, eb.ref('share.user'))),
  }),
  shareKind('collection'),
]
