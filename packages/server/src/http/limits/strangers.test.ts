import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKey } from '../../access/keys.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { loadCertificate } from '../network/certificate.js'
import { type Listeners, listen } from '../network/listen.js'
import { createTestServer, headersOf, type TestServer } from '../testing.js'
import { Strangers } from './strangers.js'

const limit = 5
const strangers = new Strangers(limit, 50)
/** Cuts off only the last of a flood. */
const patient = new Strangers(limit, 600_000)

let database: TestDatabase
let server: TestServer
let directory: string
let listeners: Listeners
let patientListeners: Listeners

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store, { strangers })
  directory = await mkdtemp(join(tmpdir(), 'waybill-strangers-'))
  const certificate = await loadCertificate(directory, Date.now())
  const where = { host: '127.0.0.1', port: 0, httpPort: 0, certificate }
  listeners = await listen(server.app, { ...where, strangers })
  patientListeners = await listen(server.app, { ...where, strangers: patient })
})
afterAll(async () => {
  await listeners.close(0)
  await patientListeners.close(0)
  await server.app.close()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

/** A connection that says nothing, and what it was told until it was cut off. */
async function silent(port = listeners.httpPort ?? 0): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  const ended = once(socket, 'close').then(() => Buffer.concat(chunks).toString('utf8'))
  await once(socket, 'connect')
  return { socket, ended }
}

async function leave(sockets: readonly { socket: Socket; ended: Promise<string> }[]): Promise<void> {
  for (const { socket } of sockets) socket.destroy()
  await Promise.all(sockets.map(({ ended }) => ended))
  await expect.poll(() => strangers.count('127.0.0.1') + patient.count('127.0.0.1')).toBe(0)
}

it('cuts off those over the limit with words, and leaves the others', async () => {
  const first = await Promise.all(Array.from({ length: limit }, () => silent()))
  const more = await Promise.all(Array.from({ length: 3 }, () => silent()))
  for (const { ended } of more) expect(await ended).toMatch(/^HTTP\/1\.1 429 .*"rate_limited"/s)
  await expect.poll(() => strangers.count('::ffff:127.0.0.1')).toBe(limit)
  expect(first.every(({ socket }) => !socket.closed)).toBe(true)
  await leave(first)
})

it('cuts off the last of a flood at once', async () => {
  const { httpPort, port } = patientListeners
  const flood = await Promise.all(Array.from({ length: 5 * limit }, () => silent(httpPort)))
  await expect.poll(() => patient.count('127.0.0.1')).toBe(5 * limit)
  expect(await (await silent(port)).ended).toBe('')
  expect(flood.some(({ socket }) => socket.closed)).toBe(false)
  await leave(flood)
})

it('does not count those that logged in, nor good keys without membership', async () => {
  const guest = { email: 'guest@example.com', ...(await createKey(server.store, 'guest@example.com')) }
  const callers = Array.from({ length: 2 * limit }, (_, index) => (index % 2 === 0 ? server.admin : guest))
  const statuses = await Promise.all(callers.map((member) => call(member)))
  expect(statuses).toEqual(callers.map((member) => (member === guest ? 403 : 200)))
  expect(strangers.count('127.0.0.1')).toBe(0)
})

/** A login on a connection that stays open. */
function call(member: { email: string; key: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: listeners.httpPort,
      method: 'PUT',
      path: '/api/v3/api/login',
      headers: headersOf(member),
    })
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode)
    })
    outgoing.end('{}')
  })
}
