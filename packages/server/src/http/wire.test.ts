import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Method } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { purgeSeenEvents } from './events/once.js'
import {
  createTestServer,
  headersOf,
  insertJob,
  insertTask,
  type Member,
  send,
  type TestServer,
} from './testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store, { maxUnzipped: 1_000_000 })
  lisa = await server.member('lisa@example.com', 'standard')
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

describe('login', () => {
  it('answers with the user, the role and a session that stays', async () => {
    const login = () => send(server.app, 'PUT', '/api/v3/api/login', {}, headersOf(server.admin))
    const first = await login()
    expect(first).toMatchObject({ status: 200, type: 'application/json; charset=utf-8' })
    expect(first.body.result).toEqual({
      id: server.admin.id,
      role: 'admin',
      session_id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect((await login()).body).toEqual(first.body)
  })

  it.each([
    [
      'a wrong key',
      { authorization: headersOf({ email: 'admin@example.com', key: 'wrong' }).authorization },
      401,
    ],
    ['no key', { authorization: '' }, 401],
    ['another workspace', { 'x-accsyn-workspace': 'elsewhere' }, 403],
  ])('refuses %s with a message', async (_, headers, status) => {
    const answer = await send(server.app, 'PUT', '/api/v3/api/login', {}, {
      ...headersOf(server.admin),
      ...headers,
    } as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toEqual(expect.any(String))
  })
})

describe('an event', () => {
  const event = (uri: string, more: object = {}) => ({
    workspace: 'studio',
    ident: server.admin.email,
    uri,
    ...more,
  })
  const post = (headers: Record<string, string>, payload: string | Buffer) =>
    server.app.inject({
      method: 'POST',
      url: '/api/v3/event',
      headers: { ...headersOf(server.admin), ...headers },
      payload,
    })

  it.each([
    ['none', {}],
    ['an empty one', { 'content-type': '' }],
    ['JSON', { 'content-type': 'application/json' }],
    ['that of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['nonsense', { 'content-type': ';;;' }],
  ])('is read as JSON whatever its content type: %s', async (_, headers) => {
    const answer = await post(headers, JSON.stringify(event('no/such')))
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toEqual({ message: 'Unknown uri "no/such"', code: 'unknown_uri' })
  })

  it.each([
    ['a body that is not JSON', '{', /not JSON/],
    ['an empty body', '', /missing/],
    ['a body that is no event', '[]', /no event/],
    ['an event without a uri', '{}', /uri/],
  ])('is refused with words: %s', async (_, body, words) => {
    const answer = await post({}, body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ message: expect.stringMatching(words) as string })
  })

  it('is read from the query string as a whole, however long', async () => {
    const path = 'ä&=?#%+ '.repeat(20_000)
    const query = `name="${path.slice(0, 8000)}"`
    expect(await server.result('GET', 'transfer/find', { query, data: { path } })).toEqual([])
    const broken = await server.app.inject({ url: '/api/v3/event?%7B%ZZ', headers: headersOf(server.admin) })
    expect(broken.statusCode).toBe(400)
    expect(broken.json()).toMatchObject({ message: expect.any(String) as string })
  })

  it('has to agree with the headers', async () => {
    for (const envelope of [{ workspace: 'other' }, { ident: lisa.email }, { session: 'another' }]) {
      const { status, body } = await server.send('GET', 'entitytypes', { envelope })
      expect([status, body.code]).toEqual([401, 'unauthenticated'])
    }
    const { status } = await server.send('GET', 'entitytypes', { envelope: { ident: 'Admin@Example.com' } })
    expect(status).toBe(200)
  })

  it.each<[Method, string, RegExp]>([
    ['POST', 'transfer/find', /only with GET/],
    ['GET', 'spaceship/find', /"spaceship".*transfer/],
    ['GET', 'transfer/launch', /"transfer\/launch"/],
    ['PUT', 'workspace/publish/preprocess', /not available yet/],
    ['PUT', 'workspace/integration/ftrack/utility', /no such integration/],
    ['GET', 'user/api_key', /waybill key create/],
    ['POST', 'delivery/create', /not available yet/],
    ['GET', 'Compute/find', /not available yet/],
    ['POST', 'publish/create', /not available yet/],
    ['DELETE', 'task/delete', /excluded/],
  ])('that cannot be done says so: %s %s', async (method, uri, words) => {
    const { status, body } = await server.send(method, uri, { data: {} })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body.message).toMatch(words)
  })

  it('finds in any case, under old names, and says where a query is wrong', async () => {
    await insertJob(server, { name: 'x and y.png' })
    for (const uri of ['Transfer/find', 'JOB/find', 'transfer/FIND']) {
      expect(await server.result('GET', uri, { query: 'name="x and y.png"' })).toHaveLength(1)
    }
    const { status, body } = await server.send('GET', 'transfer/find', { query: 'name=x and colour=red' })
    expect([status, body.code, body.column]).toEqual([400, 'unknown_attribute', 12])
  })

  it('carries its payload zipped, up to a limit', async () => {
    const created = await server.result('POST', 'site/create', { data: { name: 'Zipped place' }, gzip: true })
    expect(created).toMatchObject([{ code: 'zipped-place' }])
    const bomb = gzipSync(Buffer.alloc(1_000_001, ' ')).toString('base64')
    const answer = await post({}, JSON.stringify(event('site/create', { gz_data: bomb })))
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([413, 'too_large'])
    const { status, body } = await server.send('POST', 'site/create', { envelope: { gz_data: 'eA==' } })
    expect([status, body.code]).toEqual([400, 'bad_request'])
  })

  it('shows faults of ours to admins only', async () => {
    const { transfer } = server.jobs
    const before = transfer.update
    transfer.update = () => Promise.reject(new Error('the disk is on fire'))
    const id = await insertJob(server, { user: lisa.id })
    const edit = (as: Member) => server.send('PUT', 'transfer/edit', { as, id, data: { status: 'paused' } })
    expect((await edit(server.admin)).body).toMatchObject({
      code: 'internal',
      exception: 'the disk is on fire',
    })
    const other = await edit(lisa)
    expect(other.status).toBe(500)
    expect(JSON.stringify(other.body)).not.toContain('fire')
    transfer.update = before
  })
})

describe('a repeated event', () => {
  it('acts once and answers the same, also when both come at once', async () => {
    const eid = randomUUID()
    const create = () => server.send('POST', 'site/create', { data: { code: 'stockholm' }, eid })
    const [first, second] = await Promise.all([create(), create()])
    expect(first.status).toBe(200)
    expect(second).toEqual(first)
    expect(await create()).toEqual(first)
    const other = await server.send('POST', 'site/create', { data: { code: 'stockholm' } })
    expect([other.status, other.body.code]).toEqual([409, 'duplicate'])
    const misused = await server.send('POST', 'site/create', { data: { code: 'oslo' }, eid })
    expect([misused.status, misused.body.code]).toEqual([409, 'conflict'])
  })

  it('keeps its answer for another process, also that of a failure, for a day', async () => {
    const eid = randomUUID()
    const create = (app: TestServer['app']) =>
      send(
        app,
        'POST',
        '/api/v3/event',
        { uri: 'site/create', eid, data: { colour: 'red' } },
        headersOf(server.admin),
      )
    const first = await create(server.app)
    expect([first.status, first.body.code]).toEqual([400, 'unknown_attribute'])
    const reopened = await database.reopen()
    const other = await createTestServer(reopened)
    expect(await create(other.app)).toEqual(first)
    await other.app.close()
    const { db } = server.workspace
    const kept = () => db.selectFrom('seen_event').select('eid').where('eid', '=', eid).execute()
    await purgeSeenEvents(database.store, server.clock.now() + 86_400_000)
    expect(await kept()).toHaveLength(1)
    await purgeSeenEvents(database.store, server.clock.now() + 86_400_001)
    expect(await kept()).toHaveLength(0)
  })

  it('waits for another process that is at it', async () => {
    const other = await createTestServer(await database.reopen())
    const eid = randomUUID()
    const event = { uri: 'site/create', eid, data: { code: 'bergen' } }
    const create = (app: TestServer['app']) =>
      send(app, 'POST', '/api/v3/event', event, headersOf(server.admin))
    const [first, second] = await Promise.all([create(server.app), create(other.app)])
    expect(first.status).toBe(200)
    expect(second).toEqual(first)
    await other.app.close()
  })

  it('may act when the first could not', async () => {
    const eid = randomUUID()
    const { transfer } = server.jobs
    const before = transfer.update
    const id = await insertJob(server)
    let tries = 0
    transfer.update = async (...args) => {
      tries += 1
      const { WaybillError } = await import('@waybill/api')
      if (tries === 1) throw new WaybillError('agent_offline', 'not now')
      await before(...args)
    }
    const edit = () => server.send('PUT', 'transfer/edit', { id, data: { status: 'paused' }, eid })
    expect((await edit()).status).toBe(503)
    expect((await edit()).body.result).toMatchObject([{ id, status: 'paused' }])
    transfer.update = before
  })
})

describe('of jobs', () => {
  it('edits tasks by a list, and answers with them', async () => {
    const id = await insertJob(server)
    await insertTask(server, id, 0)
    await insertTask(server, id, 1)
    const changed = await server.result('PUT', 'Task/edit', { id, data: [{ uri: '1', status: 'onhold' }] })
    expect(changed).toMatchObject([{ uri: '1', status: 'onhold', job: id }])
    expect((await server.send('PUT', 'task/edit', { id, data: { status: 'onhold' } })).status).toBe(400)
    const refused = async (change: object) =>
      (await server.send('PUT', 'task/edit', { id, data: [{ uri: '1', ...change }] })).body.message
    expect(await refused({ status: 'executing' })).toMatch(/choose queued, onhold, excluded, done, failed/)
    expect(await refused({ source: 'x' })).toMatch(/"source" of a task cannot be changed/)
  })

  it('answers success at the top for bare paths', async () => {
    const id = await insertJob(server)
    const { body } = await server.send('POST', 'task/create', { id, data: { tasks: ['/a/b.mov'] } })
    expect(body).toEqual({ success: true })
    const odd = await server.send('POST', 'task/create', { id, data: { tasks: ['/a'], colour: 'red' } })
    expect([odd.status, odd.body.code]).toEqual([400, 'unknown_attribute'])
    const hidden = await server.send('POST', 'task/create', { as: lisa, id, data: { tasks: ['/a/b.mov'] } })
    expect([hidden.status, hidden.body.code]).toEqual([404, 'not_found'])
  })

  it('refuses statuses that cannot be set, and says which can', async () => {
    const id = await insertJob(server)
    const { status, body } = await server.send('PUT', 'transfer/edit', { id, data: { status: 'running' } })
    expect(status).toBe(400)
    expect(body.message).toBe(
      'The status of a transfer cannot be set to "running"; choose waiting, paused, aborted, done',
    )
  })

  it.each(['0123456789abcdef01234567', 'nonsense', ''])(
    'finds nothing to change under the id "%s"',
    async (id) => {
      const { status, body } = await server.send('PUT', 'transfer/edit', { id, data: { status: 'paused' } })
      expect([400, 404]).toContain(status)
      expect(body.message).toEqual(expect.any(String))
    },
  )

  it('tells the log as text and as entries', async () => {
    const id = await insertJob(server)
    const entry = {
      job: id,
      task: null,
      level: 'warning' as const,
      code: 'W#J050',
      created: server.clock.now(),
    }
    for (const n of [1, 2]) {
      await server.workspace.db
        .insertInto('log')
        .values({
          ...entry,
          id: `${id.slice(0, 23)}${n}`,
          workspace: server.workspace.id,
          message: `no client ${n}`,
        })
        .execute()
    }
    const { body } = await server.send('GET', 'transfer/report', { id })
    expect(body.report).toBe(
      '2026-01-22T08:35:59 WARNING W#J050 no client 1\n2026-01-22T08:35:59 WARNING W#J050 no client 2',
    )
    expect(await server.result('GET', 'transfer/log', { id, data: { skip: 1 } })).toEqual([
      {
        created: '2026-01-22T08:35:59',
        level: 'warning',
        code: 'W#J050',
        message: 'no client 2',
        task: null,
      },
    ])
    expect(await server.result('GET', 'transfer/metrics', { id })).toMatchObject({
      status: 'waiting',
      progress: 0,
    })
  })

  it('inherits settings from the workspace and the queue', async () => {
    const id = await insertJob(server)
    const queue = server.queues.get('medium') ?? ''
    const name = 'transfer_speedlimit'
    const get = async (more: object = {}) =>
      await server.result('GET', 'setting', { id, data: { entitytype: 'transfer', name, ...more } })
    expect(await get()).toBe('-1')
    expect(await server.result('PUT', 'setting', { data: { name, value: '10' } })).toBe(true)
    expect(await get()).toBe('10')
    await server.result('PUT', 'setting', { id: queue, data: { entitytype: 'job', name, value: '20' } })
    expect(await get()).toBe('20')
    expect(await get({ upstream: false, omit_defaults: true })).toBeNull()
    await server.result('DELETE', 'setting', { id: queue, data: { entitytype: 'queue', name } })
    expect(await get()).toBe('10')
    const refused = await server.send('PUT', 'setting', { as: lisa, data: { name, value: '1' } })
    expect(refused.status).toBe(403)
  })
})
