import { WaybillError } from '@waybill/api'
import type { Machine, Transport, TransportOptions } from './transport.js'

export const machine: Machine = { hostname: 'browser', platform: 'browser' }

/** Sends with fetch. The browser alone judges certificates, so a fingerprint cannot be pinned here. */
export function createTransport(options: TransportOptions): Transport {
  if (options.fingerprint !== undefined)
    throw new WaybillError('bad_request', 'A fingerprint cannot be checked in a browser; leave it out.')
  const closed = new AbortController()
  return {
    async send({ method, url, headers, body }) {
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(options.timeoutMs)])
      try {
        const response = await fetch(url, {
          method,
          headers,
          signal,
          // Bytes instead of text: fetch would add a Content-Type to text.
          ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
        })
        return { status: response.status, text: await response.text() }
      } catch (cause) {
        if (cause instanceof Error && cause.name === 'TimeoutError')
          throw new WaybillError('timeout', `${new URL(url).origin} did not answer in time.`, { cause })
        throw new WaybillError('unreachable', `${new URL(url).origin} cannot be reached.`, { cause })
      }
    },
    close: () => closed.abort(),
  }
}
