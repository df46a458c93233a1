import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { Session, type Task, type Transfer } from './index.js'

interface Call {
  method: string
  path: string
  headers: IncomingMessage['headers']
  json: Record<string, unknown>
}
type Answer = Record<string, unknown> | { status: number; body: Record<string, unknown> } | 'hang up'

const job = '6971e16fceadd67b955b1995'
let server: Server
let calls: Call[]
/** What the double answers with, in order; login is answered by itself. */
let answers: Answer[]

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const [path = '', query] = (request.url ?? '').split('?')
  const text = query === undefined ? Buffer.concat(chunks).toString('utf8') : decodeURIComponent(query)
  const json = JSON.parse(text) as Record<string, unknown>
  calls.push({ method: request.method ?? '', path, headers: request.headers, json })
  const login = { result: { id: job, role: 'admin', session_id: 's1' } }
  const answer = path === '/api/v3/api/login' ? login : (answers.shift() ?? { result: [] })
  if (answer === 'hang up') {
    request.socket.destroy()
    return
  }
  const whole = 'status' in answer && 'body' in answer
  response.writeHead(whole ? Number(answer.status) : 200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(whole ? answer.body : answer))
}

function listen(made: Server): Promise<string> {
  return new Promise((resolve) => {
    made.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(made.address() as AddressInfo).port}`))
  })
}

function open(extra: { fingerprint?: string; scheme?: string } = {}): Session {
  const { scheme = 'http', ...rest } = extra
  const address = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return new Session({
    server: address,
    workspace: 'studio',
    user: 'lisa@example.com',
    apiKey: 'k:1',
    ...rest,
  })
}

const events = (): Call[] => calls.filter((call) => call.path === '/api/v3/event')

beforeEach(async () => {
  calls = []
  answers = []
  server = createServer((request, response) => void handle(request, response))
  await listen(server)
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('what goes onto the wire', () => {
  test('login and headers', async () => {
    const session = open()
    expect(await session.login()).toEqual({ id: job, role: 'admin', session: 's1' })
    const [call] = calls
    expect(call).toMatchObject({ method: 'PUT', path: '/api/v3/api/login', json: {} })
    expect(call?.headers.authorization).toBe(`basic ${btoa('lisa@example.com')}:${btoa('k:1')}`)
    expect(call?.headers['x-accsyn-workspace']).toBe('studio')
    expect(call?.headers['x-accsyn-device']).toContain('waybill-sdk')
    expect(call?.headers['content-type']).toBeUndefined()
  })

  test('a find keeps the case of its expression and logs in once', async () => {
    const session = open()
    await session.find('Transfer WHERE name="A b" AND status=done', {
      finished: true,
      limit: 5,
      entityId: 'x',
    })
    await session.find('Queue')
    expect(calls.filter((call) => call.path.endsWith('login'))).toHaveLength(1)
    const [first, second] = events()
    expect(first?.method).toBe('GET')
    expect(first?.json).toMatchObject({
      audience: 'api',
      workspace: 'studio',
      ident: 'lisa@example.com',
      session: 's1',
      uri: 'transfer/find',
      query: 'name="A b" AND status=done',
      data: { finished: true, limit: 5, parent: 'x' },
    })
    expect(first?.json.created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    expect(second?.json).not.toHaveProperty('query')
    expect(second?.json.eid).not.toBe(first?.json.eid)
  })

  test('each method has its uri, id and payload', async () => {
    const session = open()
    const one = { result: [{ id: job }] }
    answers = [one, one, one, one, { result: true }, { result: 'x' }, { result: true }, { result: [true] }]
    await session.findOne('user')
    await session.getEntity('Transfer', job)
    await session.create('Transfer', { source: 'a', destination: 'b' }, { allowDuplicates: false })
    await session.updateMany('Task', job, [{ uri: '0', status: 'onhold' }])
    await session.deleteOne('Transfer', job)
    await session.settings.get('transfer_speedlimit', { entityType: 'Queue', entityId: job })
    await session.settings.set('a', '1')
    expect(await session.shares.grant('v@example.com', job, { write: true })).toBeNull()
    await session.find('ACL WHERE path=/')
    expect(events().map(({ method, json }) => [method, json.uri, json.id, json.query, json.data])).toEqual([
      ['GET', 'user/find', undefined, undefined, { single_entity_query: true }],
      ['GET', 'transfer/find', job, undefined, {}],
      [
        'POST',
        'transfer/create',
        undefined,
        undefined,
        { source: 'a', destination: 'b', allow_duplicates: false },
      ],
      ['PUT', 'task/edit', job, undefined, [{ uri: '0', status: 'onhold' }]],
      ['DELETE', 'transfer/delete', job, undefined, {}],
      ['GET', 'setting', job, undefined, { entitytype: 'queue', name: 'transfer_speedlimit' }],
      ['PUT', 'setting', undefined, undefined, { entitytype: null, name: 'a', value: '1' }],
      [
        'POST',
        'acl/create',
        undefined,
        undefined,
        { entity: 'user:v@example.com', target: `share:${job}`, read: false, write: true, path: '/' },
      ],
      ['GET', 'acl/find', undefined, 'ACL WHERE path=/', {}],
    ])
  })

  test('large payloads are compressed', async () => {
    const session = open()
    answers = [{ success: true }]
    const tasks = Array.from({ length: 10_000 }, (_, at) => `/shoot/käse.${at}.exr`)
    expect(await session.create('Task', { tasks }, job)).toEqual({ success: true })
    const { json } = events()[0] as Call
    expect(json).not.toHaveProperty('data')
    expect(JSON.parse(gunzipSync(Buffer.from(String(json.gz_data), 'base64')).toString())).toEqual({ tasks })
  })

  test('a lost answer is asked for again, once, as the same event', async () => {
    const session = open()
    answers = ['hang up', { result: [{ id: job }] }, 'hang up', 'hang up']
    expect(await session.findOne('transfer')).toMatchObject({ id: job })
    const [first, second] = events()
    expect(second?.json).toEqual(first?.json)
    await expect(session.find('transfer')).rejects.toMatchObject({ code: 'unreachable' })
    expect(events()).toHaveLength(4)
  })
})

describe('what comes back', () => {
  test('dates at any depth, both ways', async () => {
    const session = open()
    const metadata = { shot: { due: '2026-02-03T04:05:06.250', day: '2026-02-03' } }
    answers = [{ result: [{ id: job, created: '2026-01-22T08:35:59', metadata }] }, { result: [{ id: job }] }]
    const found = await session.findOne('transfer')
    expect(found).toMatchObject({
      created: new Date('2026-01-22T08:35:59Z'),
      metadata: { shot: { due: new Date('2026-02-03T04:05:06.250Z'), day: '2026-02-03' } },
    })
    expect(session.dump(found)).toContain('"created": "2026-01-22T08:35:59"')
    await session.update('transfer', job, { metadata: found?.metadata })
    expect(events()[1]?.json.data).toEqual({ metadata })
  })

  test('nothing found is null', async () => {
    const session = open()
    expect(await session.findOne('Transfer WHERE name=x')).toBeNull()
    expect(await session.getEntity('Transfer', job)).toBeNull()
  })

  test('one task alone, several as a list', async () => {
    const session = open()
    answers = [{ result: [{ id: 'a' }] }, { result: [{ id: 'a' }, { id: 'b' }] }]
    expect(await session.create('Task', { tasks: {} }, job)).toEqual({ id: 'a' })
    expect(await session.create('Task', { tasks: [] }, job)).toEqual([{ id: 'a' }, { id: 'b' }])
  })

  test("failures carry a code and the server's words", async () => {
    const session = open()
    answers = [
      {
        status: 400,
        body: { message: 'no', message_hr: 'Unknown attribute x', code: 'bad_query', column: 4 },
      },
      { status: 403, body: { message: 'Not yours' } },
      { status: 500, body: { exception: 'boom' } },
    ]
    const [a, b, c] = [session.find('user'), session.find('user'), session.find('user')].map((call) =>
      call.catch((thrown: unknown) => thrown),
    )
    const seen = await Promise.all([a, b, c])
    expect(seen.map((error) => String(error)).sort()).toEqual([
      'WaybillError: Not yours',
      'WaybillError: Unknown attribute x',
      'WaybillError: boom',
    ])
    expect(seen).toContainEqual(expect.objectContaining({ code: 'bad_query', column: 4 }))
    expect(seen).toContainEqual(expect.objectContaining({ code: 'forbidden' }))
  })

  test('a query of another form is refused before it is sent', async () => {
    const session = open()
    await expect(session.find('Transfer WHERE')).rejects.toMatchObject({ code: 'bad_query' })
    await expect(session.find('Transfer status=done')).rejects.toMatchObject({ code: 'bad_query' })
    expect(calls).toHaveLength(0)
  })

  test('entities are typed by the query', () => {
    expectTypeOf<Awaited<ReturnType<typeof session.find<'Transfer WHERE a=b'>>>>().toEqualTypeOf<Transfer[]>()
    expectTypeOf<Awaited<ReturnType<typeof session.findOne<'Task'>>>>().toEqualTypeOf<Task | null>()
    const session = new Session({ server: 'localhost', workspace: 'w', user: 'u', apiKey: 'k' })
    expect(session.server).toBe('https://localhost')
  })
})

describe('following', () => {
  test('gives each change until the end, over a restart of the server', async () => {
    const session = open()
    const states = ['init', 'running', 'running', 'done'].map((status) => ({ result: [{ id: job, status }] }))
    answers = [...states.slice(0, 2), 'hang up', 'hang up', ...states.slice(2)]
    const seen: string[] = []
    let interrupted = 0
    for await (const transfer of session.follow(job, { onInterrupted: () => interrupted++ }))
      seen.push(transfer.status)
    expect(seen).toEqual(['init', 'running', 'done'])
    expect(interrupted).toBe(1)
  })

  test('stops when told, and refuses a job that is not there', async () => {
    const session = open()
    const stop = new AbortController()
    answers = [{ result: [{ id: job, status: 'running' }] }]
    for await (const _ of session.follow(job, { signal: stop.signal })) stop.abort()
    await expect(session.follow(job).next()).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('certificates', () => {
  test('the pinned one is accepted; another gets not a byte', async () => {
    const made = await generate([{ name: 'commonName', value: 'waybill' }], { algorithm: 'sha256' })
    server.close()
    server = createSecureServer({ key: made.private, cert: made.cert }, (request, response) => {
      void handle(request, response)
    })
    await listen(server)
    const { X509Certificate } = await import('node:crypto')
    const fingerprint = new X509Certificate(made.cert).fingerprint256
    for (const pinned of [fingerprint, fingerprint.replaceAll(':', '').toLowerCase(), undefined]) {
      const session = open({
        scheme: 'https',
        ...(pinned === undefined ? {} : { fingerprint: pinned }),
      })
      expect(await session.findOne('user')).toBeNull()
      session.close()
    }
    const before = calls.length
    const other = open({ scheme: 'https', fingerprint: '00'.repeat(32) })
    await expect(other.findOne('user')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(calls).toHaveLength(before)
  })
})
