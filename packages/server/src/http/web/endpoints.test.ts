import { scryptSync } from 'node:crypto'
import { WaybillError } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrap } from '../../access/bootstrap.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { createTestServer, type Member, send, type TestServer, testNow } from '../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
const password = 'correct horse battery'
const day = 86_400_000

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  await server.result('PUT', 'account/password', { as: lisa, data: { password } })
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

type Json = Record<string, unknown>

const post = async (what: string, body: unknown) =>
  await send(server.app, 'POST', `/api/v3/web/${what}`, body, { 'x-accsyn-device': 'browser' })

async function login(secret = password, email = lisa.email, workspace?: string) {
  return await post('login', { email, password: secret, workspace })
}

async function token(): Promise<string> {
  const { body } = await login()
  return String((body.result as Json).token)
}

const bearer = (secret: unknown): Record<string, string> => ({
  authorization: `Bearer ${String(secret)}`,
  'x-accsyn-workspace': 'studio',
})

async function event(secret: unknown, method: 'GET' | 'PUT' | 'DELETE', uri: string, more: Json = {}) {
  return await send(server.app, method, '/api/v3/event', { audience: 'api', uri, ...more }, bearer(secret))
}

describe('logging in with a password', () => {
  it('opens a session that is as good as a key', async () => {
    const { status, body } = await login()
    expect(status).toBe(200)
    const opened = body.result as Json
    expect(opened).toMatchObject({
      token: expect.stringMatching(/^wbs_/) as unknown,
      email: lisa.email,
      id: lisa.id,
      role: 'standard',
      workspace: 'studio',
      workspaces: [{ code: 'studio', name: 'studio', role: 'standard' }],
    })
    const again = await send(server.app, 'PUT', '/api/v3/api/login', {}, bearer(opened.token))
    expect(again.body.result).toEqual({ id: lisa.id, role: 'standard', session_id: opened.session_id })
    const found = await event(opened.token, 'GET', 'user/find', {
      session: opened.session_id,
      ident: lisa.email,
    })
    expect(found.body.result).toMatchObject([{ id: lisa.id }])
    const rows = await database.store.installation.selectFrom('web_session').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(String(opened.token))
  })

  it.each<[string, Json]>([
    ['a wrong password', { email: 'lisa@example.com', password: 'wrong' }],
    ['an unknown email', { email: 'nobody@example.com', password: 'wrong' }],
    ['an account without a password', { email: 'admin@example.com', password: 'wrong' }],
    ['what is no email', { email: 'x', password: 'wrong' }],
    [
      'a wrong password and workspace',
      { email: 'lisa@example.com', password: 'wrong', workspace: 'nowhere' },
    ],
  ])('is refused in the same words: %s', async (_, body) => {
    expect(await post('login', body)).toEqual({
      status: 401,
      type: 'application/json; charset=utf-8',
      body: { message: 'The email or the password is wrong', code: 'unauthenticated' },
    })
  })

  it.each([[{}], [[]], [{ email: 5, password }], [{ email: 'lisa@example.com' }], ['text'], [null]])(
    'is refused as %j',
    async (body) => {
      expect(await post('login', body)).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    },
  )

  it('takes no long bodies from strangers', async () => {
    expect(await login('x'.repeat(20_000))).toMatchObject({ status: 413, body: { code: 'too_large' } })
  })

  it('says who is no user, or disabled, once the password is right', async () => {
    expect(await login(password, lisa.email, 'nowhere')).toMatchObject({ status: 403 })
    const change = async (data: Json) => await server.result('PUT', 'user/edit', { id: lisa.id, data })
    const secret = await token()
    await change({ status: 'disabled' })
    expect((await login(password, lisa.email, 'studio')).body.message).toMatch(/is disabled/)
    expect((await login()).body).toMatchObject({ code: 'not_member' })
    expect(await event(secret, 'GET', 'entitytypes')).toMatchObject({ status: 403 })
    await change({ status: 'enabled' })
    expect(await event(secret, 'GET', 'entitytypes')).toMatchObject({ status: 200 })
  })

  it('is slowed down for who guesses, for one email and for a whole address; not from elsewhere', async () => {
    const { web } = (await import('../../access/authenticate.js')).createAuthenticator(database.store)
    const attempt = async (secret: string, address: string, now: number, email = lisa.email) =>
      await web.login({ email, password: secret }, { device: '', address, now }).then(
        () => 'in',
        (error: unknown) => (error instanceof WaybillError ? error.code : String(error)),
      )
    const codes = new Set<string>()
    for (let guess = 0; guess < 10; guess += 1) codes.add(await attempt('guess', '10.0.0.9', testNow))
    expect(codes).toEqual(new Set(['unauthenticated']))
    expect(await attempt('guess', '10.0.0.9', testNow)).toBe('rate_limited')
    expect(await attempt(password, '10.0.0.9', testNow)).toBe('rate_limited')
    expect(await attempt(password, '10.0.0.8', testNow)).toBe('in')
    expect(await attempt(password, '10.0.0.9', testNow + 6 * 60_000)).toBe('in')
  })

  it('hashes anew what was hashed at a lower cost', async () => {
    const salt = Buffer.from('0123456789abcdef')
    const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 })
    const weak = `scrypt$1024$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`
    const db = database.store.installation
    await db.updateTable('account').set({ password: weak }).where('email', '=', lisa.email).execute()
    expect((await login()).status).toBe(200)
    const { password: now } = await db
      .selectFrom('account')
      .select('password')
      .where('email', '=', lisa.email)
      .executeTakeFirstOrThrow()
    expect(now).toMatch(/^scrypt\$32768\$/)
    expect((await login()).status).toBe(200)
  })

  it('leaves the choice of several workspaces', async () => {
    await bootstrap(database.store, { admin: lisa.email, workspace: 'second', volumePath: '' })
    const { body } = await login()
    expect(body.result).toMatchObject({
      workspace: null,
      workspaces: [
        { code: 'second', role: 'admin' },
        { code: 'studio', role: 'standard' },
      ],
    })
    expect((await login(password, lisa.email, 'SECOND')).body.result).toMatchObject({ role: 'admin' })
  })

  it('is written down in every workspace', async () => {
    const rows = await database.store.installation
      .selectFrom('audit')
      .innerJoin('workspace', 'workspace.id', 'audit.workspace')
      .select(['workspace.code', 'audit.device'])
      .where('change', '=', 'logged in')
      .where('email', '=', lisa.email)
      .execute()
    expect(new Set(rows.map(({ code }) => code))).toEqual(new Set(['studio', 'second']))
    expect(rows.at(-1)?.device).toBe('browser')
  })
})

describe('sessions', () => {
  it('are listed and ended by their owner alone', async () => {
    const [one, two] = [await token(), await token()]
    const { body } = await event(one, 'GET', 'session/find')
    const sessions = body.result as Json[]
    expect(sessions.filter(({ current }) => current)).toHaveLength(1)
    expect(sessions.at(-1)).toMatchObject({ device: 'browser', address: '127.0.0.1' })
    const id = sessions.at(-1)?.id
    expect(await server.send('DELETE', 'session/delete', { id: String(id) })).toMatchObject({ status: 404 })
    expect(await event(one, 'DELETE', 'session/delete', { id })).toMatchObject({ status: 200 })
    expect(await event(two, 'GET', 'entitytypes')).toMatchObject({ status: 401 })
    expect(await event(one, 'DELETE', 'session/delete')).toMatchObject({ status: 200 })
    expect(await event(one, 'GET', 'entitytypes')).toMatchObject({ status: 401 })
  })

  it('last while they are used, and not for ever', async () => {
    const secret = await token()
    const start = server.clock.time
    const at = async (days: number) => {
      server.clock.time = start + days * day
      return (await event(secret, 'GET', 'entitytypes')).status
    }
    expect([await at(13), await at(26), await at(39), await at(52)]).toEqual([200, 200, 200, 200])
    expect([await at(65), await at(78), await at(89), await at(91)]).toEqual([200, 200, 200, 401])
    server.clock.time = start
    const idle = await token()
    server.clock.time = start + 15 * day
    expect((await event(idle, 'GET', 'entitytypes')).status).toBe(401)
    server.clock.time = start
  })

  it('end with the password, but for the one that changes it', async () => {
    const [one, two] = [await token(), await token()]
    const next = 'another long password'
    const wrong = await event(one, 'PUT', 'account/password', { data: { password: next, current: 'x' } })
    expect(wrong).toMatchObject({ status: 401 })
    const weak = await event(one, 'PUT', 'account/password', {
      data: { password: 'short', current: password },
    })
    expect(weak).toMatchObject({ status: 400 })
    const set = { data: { password: next, current: password } }
    expect(await event(one, 'PUT', 'account/password', set)).toMatchObject({ status: 200 })
    expect((await event(one, 'GET', 'entitytypes')).status).toBe(200)
    expect((await event(two, 'GET', 'entitytypes')).status).toBe(401)
    expect((await login()).status).toBe(401)
    expect((await login(next)).status).toBe(200)
    expect(await event(one, 'DELETE', 'account/password', { data: { current: next } })).toMatchObject({
      status: 200,
    })
    expect((await event(one, 'GET', 'entitytypes')).status).toBe(401)
    expect((await login(next)).status).toBe(401)
  })
})
