import { type EntityType, entityTypes } from '@waybill/api'
import type { Route } from '../routes/route.js'
import { routes } from '../routes/table.js'
import type { Tenant, WireCall } from './tenants.js'

/** What each type can be made from, where a code alone is not enough. Ids as in the examples of routes. */
const creations: Readonly<Partial<Record<EntityType, WireCall['data']>>> = {
  user: { code: 'new@example.com', role: 'standard', mail: false },
  volume: { code: 'new-volume', path: '/srv/new', server: '$server' },
  folder: { code: 'new-folder', parent: '$volume', path: 'new-folder' },
  home: { code: 'new-home', parent: '$volume', path: 'homes/new' },
  collection: { code: 'new-collection', files: ['volume=tank/other.mov'] },
  acl: { entity: 'user:$user', target: 'share:$collection', read: true },
  transfer: { source: 'volume=tank/other.mov', destination: '/tmp/other.mov' },
  task: { tasks: { source: 'volume=tank/third.mov', destination: '/tmp/third.mov' } },
}
const changes: Readonly<Partial<Record<EntityType, WireCall['data']>>> = {
  task: [{ uri: '0', status: 'onhold' }],
  acl: { description: 'for the trailer' },
}

export interface ExampleCall extends WireCall {
  readonly route: Route
  readonly type: EntityType | undefined
}

/** Every route's example, those of ENTITY once for each type; ids are those of `of`. */
export function exampleCalls(of: Tenant): readonly ExampleCall[] {
  return routes.flatMap((route) => {
    if (!route.uri.startsWith('ENTITY/')) return [exampleCall(route, undefined, of)]
    return entityTypes.map((type) => exampleCall(route, type, of))
  })
}

function exampleCall(route: Route, type: EntityType | undefined, of: Tenant): ExampleCall {
  const uri = route.uri.replace('ENTITY', type ?? '').replace('*', 'example')
  const { id, query, data } = route.example
  const special = uri.endsWith('/create') ? creations : uri.endsWith('/edit') ? changes : {}
  const fill = (value: unknown): unknown => fillIn(value, of, type)
  const job = type === 'task' && /\/(create|edit)$/.test(uri) ? of.ids.transfer : undefined
  return {
    route,
    type,
    method: route.method,
    uri,
    id: job ?? fill(id),
    query: fill(query),
    data: fill((type === undefined ? undefined : special[type]) ?? data),
  }
}

/** Puts ids in place of `$transfer`, `$volume`, ..., at any depth. */
function fillIn(value: unknown, of: Pick<Tenant, 'ids'>, type: EntityType | undefined): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$(\w+)/g, (whole, name: string) => {
      const entity = name === 'ENTITY' ? type : entityTypes.find((one) => one === name)
      return entity === undefined ? whole : of.ids[entity]
    })
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, of, type))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillIn(item, of, type)]))
}
