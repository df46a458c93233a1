import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrap } from '../../../access/bootstrap.js'
import { createKey } from '../../../access/keys.js'
import { createSqlite, type TestDatabase } from '../../../store/testing.js'
import { createTestServer, headersOf, type Member, send, type TestServer, testNow } from '../../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
let erik: Member

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  erik = await server.member('erik@example.com', 'employee')
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

interface Made {
  readonly id: string
  readonly key: string
}

const make = async (as: Member, data: object = {}): Promise<Made> =>
  (await server.result('POST', 'key/create', { as, data })) as Made
const list = async (as: Member, data: object = {}) =>
  (await server.result('GET', 'key/find', { as, data })) as Record<string, unknown>[]
const use = async (as: Member, { key }: { readonly key: string }) =>
  (await server.send('GET', 'entitytypes', { as: { ...as, key } })).body

describe("a person's own keys", () => {
  it('are made, named, listed and revoked', async () => {
    const made = await make(lisa, { name: 'laptop', expires: '2027-01-01' })
    expect(await use(lisa, made)).toHaveProperty('result')
    const keys = await list(lisa)
    expect(keys).toHaveLength(2)
    expect(JSON.stringify(keys)).not.toContain(made.key)
    expect(keys[1]).toEqual({
      id: made.id,
      name: 'laptop',
      addresses: [],
      created: '2026-01-22T08:35:59',
      expires: '2027-01-01T00:00:00',
      revoked: null,
      last_used: '2026-01-22T08:35:59',
      workspace_only: false,
    })
    expect(await server.result('DELETE', 'key/delete', { as: lisa, id: made.id })).toBe(true)
    expect(await use(lisa, made)).toMatchObject({ code: 'unauthenticated' })
    expect((await list(lisa))[1]).toMatchObject({ revoked: '2026-01-22T08:35:59' })
  })

  it.each([
    [{ addresses: ['nowhere'] }, /no address/],
    [{ expires: 'soon' }, /has to be a date/],
    [{ expires: '2020-01-01' }, /in the future/],
    [{ name: 5 }, /name has to be text/],
    [{ name: 'x'.repeat(201) }, /too long/],
  ])('make sense: %j', async (data, words) => {
    const { status, body } = await server.send('POST', 'key/create', { as: lisa, data })
    expect([status, body.message]).toEqual([400, expect.stringMatching(words)])
  })

  it('are not shown twice, not even to a repetition of the event, and stand nowhere', async () => {
    const event = { as: lisa, data: { name: 'once' }, eid: 'key-1' }
    const first = await server.send('POST', 'key/create', event)
    const again = await server.send('POST', 'key/create', event)
    expect(again).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/shown once/) as unknown },
    })
    const { key } = first.body.result as Made
    for (const table of ['seen_event', 'audit', 'api_key', 'event'] as const) {
      const rows = await database.store.installation.selectFrom(table).selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(key)
    }
    expect((await list(lisa)).filter(({ name }) => name === 'once')).toHaveLength(1)
  })

  it('work from named addresses alone; from elsewhere they are as wrong as any other', async () => {
    const near = await make(lisa, { addresses: '127.0.0.0/8, ::1' })
    const far = await make(lisa, { addresses: ['203.0.113.0/24'] })
    expect(await use(lisa, near)).toHaveProperty('result')
    expect(await use(lisa, far)).toEqual(await use(lisa, { key: 'wbk_wrong' }))
    expect((await list(lisa)).find(({ id }) => id === far.id)).toMatchObject({ last_used: null })
  })

  it.each([
    ['ends', { expires: '2027-01-01' }],
    ['is for an address', { addresses: ['127.0.0.1'] }],
  ])('never outgrow one that %s', async (_, restriction) => {
    const { id, key } = await make(lisa, restriction)
    const as = { ...lisa, key }
    for (const [method, uri] of [
      ['POST', 'key/create'],
      ['PUT', 'account/password'],
      ['GET', 'session/find'],
    ] as const) {
      const data = { password: 'correct horse battery' }
      expect(await server.send(method, uri, { as, data })).toMatchObject({ status: 403 })
    }
    expect(await list(as)).toMatchObject([{ id }])
    const other = (await list(lisa))[0]
    expect(await server.send('DELETE', 'key/delete', { as, id: String(other?.id) })).toMatchObject({
      status: 403,
    })
    expect(await server.result('DELETE', 'key/delete', { as, id })).toBe(true)
  })

  it("are nobody else's business", async () => {
    const made = await make(lisa)
    for (const as of [server.admin, erik]) {
      const { status, body } = await server.send('DELETE', 'key/delete', { as, id: made.id })
      expect([status, body.message]).toEqual([404, `There is no API key "${made.id}"`])
    }
    expect(await list(server.admin, { user: lisa.email })).toEqual([])
    for (const method of ['POST', 'GET'] as const) {
      const uri = method === 'POST' ? 'key/create' : 'key/find'
      const answer = await server.send(method, uri, { as: erik, data: { user: lisa.email } })
      expect(answer.status).toBe(403)
    }
    expect(await use(lisa, made)).toHaveProperty('result')
  })

  it('are not made without end', async () => {
    const max = await server.member('max@example.com', 'standard')
    for (let count = 1; count < 100; count += 1) await createKey(database.store, max.email)
    expect(await server.send('POST', 'key/create', { as: max, data: {} })).toMatchObject({ status: 409 })
  })
})

describe('keys that admins make for their users', () => {
  it('work in that workspace alone, and are seen and ended by its admins', async () => {
    const other = await bootstrap(database.store, {
      admin: 'other@example.com',
      workspace: 'other',
      volumePath: '',
      now: testNow,
    })
    const stranger = { id: '', email: 'other@example.com', key: other.apiKey ?? '', role: 'admin' } as const
    const elsewhere = { ...headersOf(stranger), 'x-accsyn-workspace': 'other' }
    const create = { audience: 'api', uri: 'user/create', data: { code: lisa.email, mail: false } }
    expect(await send(server.app, 'POST', '/api/v3/event', create, elsewhere)).toMatchObject({ status: 200 })

    const made = await make(server.admin, { user: lisa.email, name: 'for the farm' })
    expect(await use(lisa, made)).toHaveProperty('result')
    const both = { ...headersOf({ ...lisa, key: made.key }), 'x-accsyn-workspace': 'other' }
    const there = await send(server.app, 'PUT', '/api/v3/api/login', {}, both)
    expect(there).toMatchObject({
      status: 403,
      body: { message: expect.stringMatching(/another workspace/) as unknown },
    })

    expect(await list(server.admin, { user: lisa.id })).toMatchObject([{ id: made.id, workspace_only: true }])
    const peek = { audience: 'api', uri: 'key/find', data: { user: lisa.email } }
    const seen = await send(server.app, 'GET', '/api/v3/event', peek, elsewhere)
    expect(seen.body.result).toEqual([])
    const end = { audience: 'api', uri: 'key/delete', id: made.id }
    expect(await send(server.app, 'DELETE', '/api/v3/event', end, elsewhere)).toMatchObject({ status: 404 })

    const as = { ...lisa, key: made.key }
    expect(await server.send('POST', 'key/create', { as, data: {} })).toMatchObject({ status: 403 })
    expect(await server.result('DELETE', 'key/delete', { id: made.id })).toBe(true)
    expect(await use(lisa, made)).toMatchObject({ code: 'unauthenticated' })
  })

  it('are for users that there are', async () => {
    const { status } = await server.send('POST', 'key/create', { data: { user: 'nobody@example.com' } })
    expect(status).toBe(404)
  })

  it('are written down', async () => {
    const made = await make(server.admin, { user: lisa.id, addresses: ['10.0.0.1'] })
    const rows = await server.workspace.db
      .selectFrom('audit')
      .select(['email', 'entity', 'change', 'details', 'device', 'address'])
      .where('details', 'like', `%${made.id}%`)
      .execute()
    expect(rows).toEqual([
      {
        email: server.admin.email,
        entity: lisa.id,
        change: 'key created',
        details: JSON.stringify({ key: made.id, addresses: ['10.0.0.1'] }),
        device: 'test',
        address: '127.0.0.1',
      },
    ])
  })
})

describe('user/api_key', () => {
  it('gives out a new key where that was set', async () => {
    const asked = async () => await server.send('GET', 'user/api_key', { as: lisa })
    expect(await asked()).toMatchObject({
      status: 403,
      body: { message: expect.stringMatching(/user_api_key/) as unknown },
    })
    await server.result('PUT', 'setting', { data: { name: 'user_api_key', value: 'true' } })
    const { body } = await asked()
    expect(body).toEqual({ api_key: expect.stringMatching(/^wbk_/) as unknown })
    expect(await use(lisa, { key: String(body.api_key) })).toHaveProperty('result')
    expect((await list(lisa)).at(-1)).toMatchObject({ name: 'test' })
  })
})
