import { mkdtemp, rm, stat } from 'node:fs/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxBody, maxHeader } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { createTestServer, headersOf, type TestServer } from '../testing.js'
import { type Certificate, loadCertificate } from './certificate.js'
import { type Listeners, listen } from './listen.js'

let database: TestDatabase
let server: TestServer
let directory: string
let certificate: Certificate
let listeners: Listeners

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  directory = await mkdtemp(join(tmpdir(), 'waybill-tls-'))
  certificate = await loadCertificate(join(directory, 'tls'), Date.now())
  listeners = await listen(server.app, { host: '127.0.0.1', port: 0, httpPort: 0, certificate })
})
afterAll(async () => {
  await listeners.close(0)
  await server.app.close()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

interface Heard {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: Record<string, unknown>
  readonly fingerprint: string | undefined
}

/** One call on a connection of its own, as clients make it. */
function call(
  secure: boolean,
  method: string,
  path: string,
  body?: Buffer | string,
  member: { email: string; key: string } = server.admin,
): Promise<Heard> {
  const port = secure ? listeners.port : listeners.httpPort
  const request = secure ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      rejectUnauthorized: false,
      headers: {
        ...headersOf(member),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
    })
    outgoing.once('error', reject)
    outgoing.once('response', (incoming: IncomingMessage) => {
      const { socket } = incoming
      const fingerprint = 'getPeerCertificate' in socket ? peer(socket) : undefined
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const type = incoming.headers['content-type']
        resolve({
          status: incoming.statusCode,
          type,
          body: JSON.parse(text) as Record<string, unknown>,
          fingerprint,
        })
      })
    })
    outgoing.end(body)
  })
}

function peer(socket: object): string {
  const tls = socket as { getPeerCertificate: () => { fingerprint256: string } } // it has the method
  return tls.getPeerCertificate().fingerprint256
}

/** Sends bytes as they are and gives back whatever comes until the connection ends. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(listeners.httpPort ?? 0, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('error', reject)
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.write(bytes)
  })
}

describe('the certificate', () => {
  it("is kept, is nobody else's to read, and has the fingerprint that peers see", async () => {
    const again = await loadCertificate(join(directory, 'tls'), Date.now())
    expect(again).toEqual(certificate)
    expect(certificate.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    for (const name of ['cert.pem', 'key.pem']) {
      expect((await stat(join(directory, 'tls', name))).mode & 0o777).toBe(0o600)
    }
    const { status, fingerprint } = await call(true, 'GET', '/health')
    expect([status, fingerprint]).toEqual([200, certificate.fingerprint])
  })
})

describe.each([
  ['HTTPS', true],
  ['HTTP', false],
])('over %s', (_, secure) => {
  it('takes bodies without a Content-Type', async () => {
    expect(await call(secure, 'PUT', '/api/v3/api/login', '{}')).toMatchObject({
      status: 200,
      type: 'application/json; charset=utf-8',
      body: { result: { role: 'admin' } },
    })
  })

  it('answers every failure in JSON', async () => {
    const json = (status: number, code: string) => ({
      status,
      type: 'application/json; charset=utf-8',
      body: { code, message: expect.any(String) as string },
    })
    expect(await call(secure, 'GET', '/nowhere')).toMatchObject(json(404, 'unknown_uri'))
    expect(await call(secure, 'PATCH', '/api/v3/event', '{}')).toMatchObject(json(404, 'unknown_uri'))
    expect(await call(secure, 'GET', '/%zz')).toMatchObject({
      status: 400,
      body: { message: expect.any(String) as string },
    })
    expect(await call(secure, 'GET', `/api/v3/event?${'x'.repeat(maxHeader)}`)).toMatchObject(
      json(414, 'uri_too_long'),
    )
    expect(await call(secure, 'GET', `/api/v3/event?${'x'.repeat(2 * maxHeader)}`)).toMatchObject(
      json(414, 'uri_too_long'),
    )
  })

  it('lets the sender of far too long a URL see why, every time', async () => {
    const path = `/api/v3/event?${'x'.repeat(3 * maxHeader)}`
    for (let time = 0; time < 20; time += 1) {
      const { status } = await call(secure, 'GET', path)
      expect(status).toBe(414)
    }
  })

  it('reads a URL of a mebibyte', async () => {
    const envelope = { uri: 'entitytypes', data: { path: 'x'.repeat(maxHeader - 200) } }
    const { status } = await call(
      secure,
      'GET',
      `/api/v3/event?${encodeURIComponent(JSON.stringify(envelope))}`,
    )
    expect(status).toBe(200)
  })

  it('lets the sender of a large body see that the key is wrong', async () => {
    const body = Buffer.alloc(20_000_000, ' ')
    const stranger = { email: 'admin@example.com', key: 'wrong' }
    expect(await call(secure, 'POST', '/api/v3/event', body, stranger)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
  })

  it('lets the sender of too large a body see why', async () => {
    const body = Buffer.alloc(maxBody + 1, ' ')
    expect(await call(secure, 'POST', '/api/v3/event', body)).toMatchObject({
      status: 413,
      type: 'application/json; charset=utf-8',
      body: { code: 'too_large' },
    })
  })
})

describe('a port', () => {
  it('that is taken is named', async () => {
    const again = listen(server.app, { host: '127.0.0.1', port: listeners.port, certificate })
    await expect(again).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('in use') as string,
    })
  })
})

describe('what is not HTTP', () => {
  it('or no line of an agent is not upgraded', async () => {
    const answer = await raw(
      'GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 404 .*"unknown_uri"/s)
  })

  it.each([
    ['random bytes', Buffer.from('00ff10a0deadbeef0d0a0d0a', 'hex')],
    ['half a request', 'GET / HTTP/9.9\r\n\r\n'],
    ['a method of nobody', 'SPIN /api/v3/event HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is answered in JSON and cut off: %s', async (_, bytes) => {
    const answer = await raw(bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      message: 'This is not HTTP',
      code: 'bad_request',
    })
    expect((await call(false, 'GET', '/health')).status).toBe(200)
  })
})
