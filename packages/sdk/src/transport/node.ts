import { Agent, type ClientRequest, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { hostname } from 'node:os'
import { WaybillError } from '@waybill/api'
import { PinnedAgent } from './pinned-agent.js'
import type { Machine, Transport, TransportAnswer, TransportOptions, TransportRequest } from './transport.js'

export const machine: Machine = { hostname: hostname(), platform: process.platform }

/** Sends with node:http and node:https over connections that are kept open. */
export function createTransport(options: TransportOptions): Transport {
  const secure = new PinnedAgent(options.fingerprint, { keepAlive: true })
  const plain = new Agent({ keepAlive: true })
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        const { method, headers, body } = request
        const start = request.url.startsWith('https:') ? requestSecure : requestPlain
        const outgoing = start(request.url, {
          method,
          agent: start === requestSecure ? secure : plain,
          timeout: options.timeoutMs,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
          },
        })
        outgoing.once('timeout', () => outgoing.destroy(new WaybillError('timeout', late(request))))
        collect(outgoing, (thrown) => reject(failure(thrown, request)), resolve)
        outgoing.end(body)
      })
    },
    close() {
      secure.destroy()
      plain.destroy()
    },
  }
}

function collect(
  outgoing: ClientRequest,
  reject: (thrown: Error) => void,
  resolve: (answer: TransportAnswer) => void,
): void {
  outgoing.once('error', reject)
  outgoing.once('response', (incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.once('error', reject)
    incoming.once('end', () => {
      resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
    })
  })
}

function failure(thrown: Error, request: TransportRequest): WaybillError {
  if (thrown instanceof WaybillError) return thrown
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.message
  const { origin } = new URL(request.url)
  return new WaybillError('unreachable', `${origin} cannot be reached (${code}).`, { cause: thrown })
}

function late(request: TransportRequest): string {
  return `${new URL(request.url).origin} did not answer in time.`
}
