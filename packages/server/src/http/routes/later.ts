import { type Method, WaybillError } from '@waybill/api'
import type { Route } from './route.js'

function later(method: Method, uri: string, what: string): Route {
  return {
    method,
    uri,
    about: `${what} not available yet`,
    answer: 'an error',
    example: {},
    run: () => Promise.reject(new WaybillError('not_available', `${what} not available yet`)),
  }
}

/** What clients know and this server does not do yet; each says so. */
export const laterRoutes: readonly Route[] = [
  later('PUT', 'workspace/publish/preprocess', 'Publishing is'),
  ...(['GET', 'POST', 'PUT', 'DELETE'] as const).flatMap((method) => [
    later(method, 'compute/*', 'Compute jobs are'),
    later(method, 'publish/*', 'Publishing is'),
  ]),
  {
    method: 'PUT',
    uri: 'workspace/integration/*/utility',
    about: 'Asks an integration to do something; there are none yet',
    answer: 'what the integration answers',
    example: { data: { operation: 'ping', data: {} } },
    run: () => Promise.reject(new WaybillError('not_found', 'There is no such integration')),
  },
]
