import { Socket } from 'node:net'

/**
 * Loaded into a process before its own code: sends its outgoing connections to some ports elsewhere, as
 * `WAYBILL_TEST_REDIRECT` says (JSON, port to port on 127.0.0.1). So a fault proxy stands between two agents
 * that know nothing of it.
 */
const table = new Map<number, number>()
const given: unknown = JSON.parse(process.env.WAYBILL_TEST_REDIRECT ?? '{}')
if (typeof given === 'object' && given !== null)
  for (const [from, to] of Object.entries(given)) if (typeof to === 'number') table.set(Number(from), to)

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

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && 'port' in value
}
