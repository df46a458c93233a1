import { Socket as DatagramSocket } from 'node:dgram'
import { Socket } from 'node:net'

/**
 * Loaded into a process before its own code: sends its outgoing connections to some ports elsewhere, as
 * `WAYBILL_TEST_REDIRECT` says (JSON, port to port on 127.0.0.1), and its datagrams, as
 * `WAYBILL_TEST_REDIRECT_DATAGRAMS` says. So a fault proxy stands between two agents that know nothing of it.
 */
const table = tableOf(process.env.WAYBILL_TEST_REDIRECT)
const datagrams = tableOf(process.env.WAYBILL_TEST_REDIRECT_DATAGRAMS)

function tableOf(json = '{}'): ReadonlyMap<number, number> {
  const read: unknown = JSON.parse(json)
  const entries = typeof read === 'object' && read !== null ? Object.entries(read) : []
  return new Map(entries.map(([from, to]) => [Number(from), Number(to)]))
}

interface Options {
  port?: unknown
  host?: unknown
}

const plainConnect: unknown = Reflect.get(Socket.prototype, 'connect')
if (typeof plainConnect !== 'function') throw new Error('Sockets cannot connect')

Reflect.set(Socket.prototype, 'connect', function connect(this: Socket, ...args: unknown[]): Socket {
  // net.connect hands its arguments over in one marked array, tls.connect its options as they are.
  const [first] = args
  const holder: unknown[] = Array.isArray(first) ? first : args
  const [options] = holder
  if (isOptions(options)) {
    const to = table.get(Number(options.port))
    if (to !== undefined) {
      options.port = to
      options.host = '127.0.0.1'
    }
  }
  Reflect.apply(plainConnect, this, args)
  return this
})

const plainSend: unknown = Reflect.get(DatagramSocket.prototype, 'send')
if (typeof plainSend !== 'function') throw new Error('Sockets cannot send')

// Only the form that names port and address after the bytes, which is the one that agents use.
Reflect.set(
  DatagramSocket.prototype,
  'send',
  function send(this: DatagramSocket, bytes: unknown, ...args: unknown[]): void {
    const [port, , ...rest] = args
    const to = datagrams.get(Number(port))
    Reflect.apply(plainSend, this, to === undefined ? [bytes, ...args] : [bytes, to, '127.0.0.1', ...rest])
  },
)

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && 'port' in value
}
