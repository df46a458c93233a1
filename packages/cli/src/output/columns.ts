import type { Entity, Task } from '@waybill/sdk'
import type { Column } from './table.js'
import { formatBytes, formatDuration } from './units.js'

/** A column that shows an attribute under its own name. */
function attribute(name: string, head = name.toUpperCase()): Column<Entity> {
  return { head, value: (entity) => entity[name] }
}

/** A column for `user:lisa@example.com[standard](6676...)`, as entities name others: the name alone. */
function named(name: string, head: string): Column<Entity> {
  return { head, value: (entity) => shortName(entity[name]) }
}

export function shortName(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const match = /^[a-z]+:(.*?)(?:\[(?:admin|employee|standard)\])?\([0-9a-f]{24}\)$/s.exec(value)
  return match?.[1] ?? value
}

const bytes = (value: unknown): string => (typeof value === 'number' ? formatBytes(value) : '')

export const transferColumns: readonly Column<Entity>[] = [
  attribute('id'),
  attribute('name'),
  attribute('status'),
  { head: 'DONE', right: true, value: ({ progress }) => `${String(progress)}%` },
  { head: 'SIZE', right: true, value: ({ size }) => bytes(size) },
  { head: 'SPEED', right: true, value: (entity) => formatSpeed(entity.speed) },
  { head: 'LEFT', right: true, value: ({ etr }) => etr },
  named('source_hr', 'FROM'),
  named('destination_hr', 'TO'),
  attribute('status_hr', 'WHY'),
]

export const taskColumns: readonly Column<Task>[] = [
  { head: 'URI', value: ({ uri }) => uri },
  { head: 'STATUS', value: ({ status }) => status },
  { head: 'SIZE', right: true, value: ({ size }) => formatBytes(size) },
  { head: 'FILES', right: true, value: ({ files }) => files },
  { head: 'TIME', right: true, value: ({ time }) => (time > 0 ? formatDuration(time) : '') },
  { head: 'FROM', value: ({ source }) => source.path },
  { head: 'TO', value: ({ destination }) => destination.path },
  { head: 'WHY', value: ({ status_hr }) => status_hr },
]

const clientTypes = ['app', 'server', 'userserver', 'browser', 'compute']
const clientColumns: readonly Column<Entity>[] = [
  attribute('id'),
  attribute('code', 'HOST'),
  { head: 'TYPE', value: ({ type }) => (typeof type === 'number' ? clientTypes[type] : type) },
  attribute('status'),
  named('user_hr', 'USER'),
  named('site_hr', 'SITE'),
  attribute('os'),
  attribute('version'),
  attribute('last_checkin', 'LAST SEEN'),
]

const shareColumns = ['id', 'code', 'name', 'path', 'status'].map((name) => attribute(name))

const columns: Readonly<Record<string, readonly Column<Entity>[]>> = {
  transfer: transferColumns,
  client: clientColumns,
  app: clientColumns,
  server: clientColumns,
  userserver: clientColumns,
  browser: clientColumns,
  user: [
    ...['id', 'code', 'name', 'role', 'status'].map((name) => attribute(name)),
    attribute('logged_in', 'LAST SEEN'),
  ],
  queue: ['id', 'code', 'name', 'priority', 'default', 'status'].map((name) => attribute(name)),
  volume: [
    ...shareColumns,
    attribute('default'),
    named('server_hr', 'SERVER'),
    attribute('status_hr', 'WHY'),
  ],
  folder: [...shareColumns, named('parent_hr', 'VOLUME'), attribute('status_hr', 'WHY')],
  home: [
    ...shareColumns,
    named('user_hr', 'USER'),
    named('parent_hr', 'VOLUME'),
    attribute('status_hr', 'WHY'),
  ],
  collection: ['id', 'code', 'name', 'status', 'creator'].map((name) => attribute(name)),
  site: ['id', 'code', 'name', 'main', 'status'].map((name) => attribute(name)),
  acl: [
    attribute('id'),
    named('entity_hr', 'USER'),
    named('target_hr', 'ON'),
    attribute('path'),
    attribute('read'),
    attribute('write'),
  ],
}

/** What a list of one type shows. */
export function columnsOf(type: string): readonly Column<Entity>[] {
  return columns[type] ?? ['id', 'code', 'name', 'status'].map((name) => attribute(name))
}

/** `85.2 MB/s`; nothing when it does not run. */
export function formatSpeed(speed: unknown): string {
  return typeof speed === 'number' && speed >= 0 ? `${speed.toFixed(1)} MB/s` : ''
}
