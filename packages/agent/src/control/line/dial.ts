import { once } from 'node:events'
import type { ClientRequestArgs, IncomingMessage } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { controlPath, maxControlMessage } from '@waybill/api'
import { WebSocket } from 'ws'
import { OwnAddress } from '../../network/own-address.js'

export interface Target {
  readonly url: URL
  /** `host:port`. */
  readonly server: string
  readonly headers: Readonly<Record<string, string>>
  /** Decides on the certificate before a byte is sent; throws to refuse. */
  readonly trust: (fingerprint: string, verified: boolean) => Promise<void>
}

/** Milliseconds for the connection to stand, and for the server to grant the line. */
const connectPatience = 5000
const grantPatience = 10_000
const maxRefusal = 16 * 1024

/** A line that stands, and its address at this end. */
export interface Dialled {
  readonly socket: WebSocket
  readonly address: OwnAddress
}

/**
 * Opens a line. Rejects with an error whose message is for the person who runs the agent, be it the network's,
 * the certificate's or the server's own words.
 */
export async function dial(target: Target, signal: AbortSignal): Promise<Dialled> {
  const socket = await openSocket(target, signal)
  // The credentials are in the headers: they go out only now that the server is known to be the right one.
  const webSocket = new WebSocket(new URL(controlPath, target.url), {
    headers: target.headers,
    maxPayload: maxControlMessage,
    perMessageDeflate: false,
    handshakeTimeout: grantPatience,
    createConnection: (_options: ClientRequestArgs) => socket,
  })
  const abort = (): void => webSocket.terminate()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return { socket: await granted(webSocket), address: new OwnAddress(socket) }
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function openSocket({ url, trust }: Target, signal: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol !== 'http:'
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  const tls = secure
    ? connectTls({
        host,
        port,
        // A self-signed certificate is all that most have; `trust` decides instead.
        rejectUnauthorized: false,
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
    : undefined
  const socket = tls ?? connectTcp({ host, port })
  // From here to the end of its life: an error without a listener would end the process.
  socket.on('error', () => undefined)
  const patience = AbortSignal.any([signal, AbortSignal.timeout(connectPatience)])
  try {
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: patience })
    if (tls !== undefined) await trust(tls.getPeerCertificate().fingerprint256, tls.authorized)
    if (socket.destroyed) throw new Error('Cannot connect: the server closed the connection')
  } catch (error) {
    socket.destroy()
    if (patience.aborted && !signal.aborted) throw new Error('Cannot connect: no answer', { cause: error })
    throw readable(error)
  }
  socket.setNoDelay(true)
  return socket
}

function granted(webSocket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    webSocket.once('open', () => resolve(webSocket))
    webSocket.once('unexpected-response', (_request, response) => {
      refusal(response).then(reject, reject)
    })
    // Stays for good, as above.
    webSocket.on('error', (error) => reject(readable(error)))
  })
}

/** The words of a server that did not grant the line. */
async function refusal(response: IncomingMessage): Promise<Error> {
  let body = ''
  try {
    for await (const chunk of response) {
      body += String(chunk)
      if (body.length > maxRefusal) break
    }
    const json: unknown = JSON.parse(body)
    if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
      return new Error(`The server refuses: ${json.message}`)
    }
  } catch {
    // Not one of ours, or broken off: its status says enough.
  }
  return new Error(`The server answers with HTTP status ${response.statusCode ?? 0}; is it a Waybill server?`)
}

function readable(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  // An attempt at several addresses of a host fails with all their errors and no words of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const words = first instanceof Error ? first.message : error.message
  return 'code' in error ? new Error(`Cannot connect: ${words}`, { cause: error }) : error
}
