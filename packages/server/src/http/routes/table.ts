import { type EntityType, entityTypes, findEntityType, type Method, WaybillError } from '@waybill/api'
import { accessRoutes } from './access.js'
import { auditRoutes } from './audit.js'
import { changeRoutes } from './change.js'
import { collectionRoutes } from './collections.js'
import { fileRoutes } from './files.js'
import { findRoutes } from './find.js'
import { manifestRoutes } from './jobs/manifest.js'
import { previewRoutes } from './jobs/preview.js'
import { receiveRoutes } from './jobs/receive.js'
import { recipientRoutes } from './jobs/recipients.js'
import { jobRoutes } from './jobs/tellings.js'
import { laterRoutes } from './later.js'
import { mappingRoutes } from './mappings.js'
import { accountRoutes } from './people/accounts.js'
import { keyRoutes } from './people/keys.js'
import type { Route } from './route.js'
import { settingRoutes } from './settings.js'
import { shareRoutes } from './shares.js'

export interface Match {
  readonly route: Route
  readonly type: EntityType
}

/** What stands first wins: `share/server` before ENTITY/server. */
export const routes: readonly Route[] = [
  ...shareRoutes,
  ...accessRoutes,
  ...accountRoutes,
  ...keyRoutes,
  ...collectionRoutes,
  ...mappingRoutes,
  ...receiveRoutes,
  ...jobRoutes,
  ...manifestRoutes,
  ...previewRoutes,
  ...auditRoutes,
  ...recipientRoutes,
  ...settingRoutes,
  ...fileRoutes,
  ...laterRoutes,
  ...findRoutes,
  ...changeRoutes,
]

/** The operation that a method and a uri choose, in any case of letters; throws an error that names the uri. */
export function matchRoute(method: Method, uri: string): Match {
  const parts = uri
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '')
  const type = findEntityType(parts[0] ?? '')
  const fitting = routes.filter((route) => fits(route.uri, parts, type !== undefined))
  const route = fitting.find((one) => one.method === method)
  if (route !== undefined) return { route, type: type ?? 'workspace' }
  if (fitting.length > 0) {
    const methods = [...new Set(fitting.map((one) => one.method))].join(', ')
    throw new WaybillError(
      'unknown_uri',
      `${JSON.stringify(uri)} cannot be used with ${method}, only with ${methods}`,
    )
  }
  if (
    type === undefined &&
    parts.length === 2 &&
    routes.some((one) => one.uri === `ENTITY/${parts[1] ?? ''}`)
  ) {
    throw new WaybillError(
      'unknown_entity',
      `There is no entity type ${JSON.stringify(uri.split('/')[0])}; there are ${entityTypes.join(', ')}`,
    )
  }
  throw new WaybillError('unknown_uri', `Unknown uri ${JSON.stringify(uri)}`)
}

function fits(pattern: string, parts: readonly string[], startsWithType: boolean): boolean {
  const wanted = pattern.split('/')
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) =>
      part === 'ENTITY' ? startsWithType : part === '*' || part === parts[index],
    )
  )
}
