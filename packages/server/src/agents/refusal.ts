import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WaybillError } from '@waybill/api'

/** Answers a request for a line that is not granted, as any call of the API is answered. */
export function refuseUpgrade(
  socket: Duplex,
  error: Pick<WaybillError, 'code' | 'status' | 'message'>,
): void {
  const body = JSON.stringify({ message: error.message, code: error.code })
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // A peer that neither reads nor closes keeps no socket open.
  const timer = setTimeout(() => socket.destroy(), 5000)
  socket.once('close', () => clearTimeout(timer))
}
