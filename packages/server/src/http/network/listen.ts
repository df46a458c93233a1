import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { controlPath, type ErrorCode, WaybillError } from '@waybill/api'
import type { FastifyInstance } from 'fastify'
import { defaultLimits } from '../limits/limits.js'
import type { Strangers } from '../limits/strangers.js'
import { answerRaw, wasAnswered } from './answer-raw.js'
import type { Certificate } from './certificate.js'

export interface ListenOptions {
  /** Addresses to listen on for HTTPS; all of them when absent. */
  readonly host?: string
  /** 0 takes any that is free. */
  readonly port: number
  readonly certificate: Pick<Certificate, 'cert' | 'key'>
  /** Plain HTTP on 127.0.0.1 as well. */
  readonly httpPort?: number
  /** The longest URL. Bytes. */
  readonly maxHeader?: number
  /** Counts connections that have not logged in. */
  readonly strangers?: Strangers
}

export interface Listeners {
  readonly https: SecureServer
  readonly http: Server | undefined
  /** The ports that were taken. */
  readonly port: number
  readonly httpPort: number | undefined
  /** Stops listening, lets calls that are under way finish for `graceMs`, then cuts them off. */
  close(graceMs?: number): Promise<void>
}

/** Headers of a call besides its URL. */
const otherHeaders = 64 * 1024

/** Puts the application on the network. Other users of the servers (the agents' lines) take `upgrade` events. */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<Listeners> {
  await app.ready()
  const handler: RequestListener = (request, response) => app.routing(request, response)
  const { maxHeader = defaultLimits.maxHeader } = options
  const limits = { maxHeaderSize: maxHeader + otherHeaders }
  const { cert, key } = options.certificate
  const https = createSecure({ cert, key, minVersion: 'TLSv1.2', ...limits }, handler)
  const http = options.httpPort === undefined ? undefined : createPlain(limits, handler)
  const servers = http === undefined ? [https] : [https, http]
  const sockets = new Set<Socket>()
  for (const server of servers) {
    server.on('clientError', (error, socket) => answerGarbage(error, socket, maxHeader))
    server.on('upgrade', refuseUpgrade)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    options.strangers?.watch(server, server === https)
  }
  try {
    const port = await start(https, options.port, options.host)
    const httpPort = http === undefined ? undefined : await start(http, options.httpPort ?? 0, '127.0.0.1')
    return {
      https,
      http,
      port,
      httpPort,
      close: async (graceMs = 2000) => await stop(servers, sockets, graceMs),
    }
  } catch (error) {
    await stop(servers, sockets, 0)
    throw error
  }
}

async function start(server: Server | SecureServer, port: number, host: string | undefined): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => reject(describeRefusal(error, port))
    server.once('error', failed)
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', failed)
      resolve()
    })
  })
  // A server on a port has an AddressInfo; only those on pipes have a text.
  return (server.address() as AddressInfo).port
}

async function stop(
  servers: readonly (Server | SecureServer)[],
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const listening = servers.filter((server) => server.listening)
  const closed = listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const server of listening) server.closeIdleConnections()
  // All that is left, also what never got as far as a request, or through the handshake.
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, graceMs)
  await Promise.all(closed)
  clearTimeout(cut)
}

/** Answers what is not HTTP, or too much of it, in the way of every other answer. */
function answerGarbage(error: Error & { readonly code?: string }, socket: Duplex, maxHeader: number): void {
  // The parser complains again about every piece that was still on its way.
  if (wasAnswered(socket)) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, message] = describeGarbage(error.code, maxHeader)
  answerRaw(socket, code, message)
}

/** Agents' lines are taken by others; what wants to be upgraded elsewhere would wait for ever. */
function refuseUpgrade(request: IncomingMessage, socket: Duplex): void {
  if (request.url?.split('?')[0] === controlPath) return
  socket.on('error', () => socket.destroy())
  answerRaw(socket, 'unknown_uri', 'There is nothing to be upgraded here')
}

/** Why a port could not be taken, for whoever started the server. */
function describeRefusal(error: Error & { readonly code?: string }, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new WaybillError('conflict', `Port ${port} is in use already; choose another one`, {
      cause: error,
    })
  }
  if (error.code !== 'EACCES') return error
  return new WaybillError('forbidden', `Port ${port} needs more rights; choose one above 1023`, {
    cause: error,
  })
}

function describeGarbage(code: string | undefined, maxHeader: number): readonly [ErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['uri_too_long', `The URL and the headers are longer than ${maxHeader} bytes`]
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['timeout', 'The request took too long to arrive']
  return ['bad_request', 'This is not HTTP']
}
