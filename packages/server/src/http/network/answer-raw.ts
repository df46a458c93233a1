import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorCode, errorStatus } from '@waybill/api'

const answered = new WeakSet<Duplex>()
/** How long the other side has to take the answer and hang up. Milliseconds. */
const patience = 2000

/** Answers on a connection that no request was understood on, in the way of every other answer, and ends it. */
export function answerRaw(socket: Duplex, code: ErrorCode, message: string): void {
  answered.add(socket)
  const status = errorStatus[code]
  const body = JSON.stringify({ message, code })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // What is still on its way has to be read, or the answer is lost with the reset.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), patience)
  socket.once('close', () => clearTimeout(timer))
}

/** Whether it was answered so: what else comes on it is dropped, and the answer gets the time to arrive. */
export function wasAnswered(socket: Duplex): boolean {
  return answered.has(socket)
}
