import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestServer, type Member, send, type TestServer } from '../../http/testing.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { bootstrap } from '../bootstrap.js'
import { createKey } from '../keys.js'

let database: TestDatabase
let server: TestServer
let erik: Member
let count = 0
let email = ''
const password = 'correct horse battery'

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  erik = await server.member('erik@example.com', 'employee')
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})
beforeEach(() => {
  count += 1
  email = `guest${count}@example.com`
})

type Json = Record<string, unknown>

const post = async (what: string, body: unknown) =>
  await send(server.app, 'POST', `/api/v3/web/${what}`, body, {})

/** Makes a user; answers with its id and the token that was mailed. */
async function invited(data: Json = {}): Promise<{ readonly id: string; readonly token: string }> {
  const [user] = (await server.result('POST', 'user/create', { data: { code: email, ...data } })) as Json[]
  return { id: String(user?.id), token: await mailed() }
}

async function mailed(): Promise<string> {
  const { body } = await server.workspace.db
    .selectFrom('mail')
    .select('body')
    .where('recipient', '=', email)
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  return /#(wbi_[\w-]+)/.exec(body)?.[1] ?? ''
}

async function shown(id: string, as = server.admin): Promise<string> {
  const { path } = (await server.result('POST', 'user/invitation', { id, as, data: {} })) as Json
  return String(path).replace('/accept#', '')
}

describe('an invitation', () => {
  it('opens a new account, once', async () => {
    const { id, token } = await invited({ message: 'Welcome' })
    expect((await post('invitation', { token })).body.result).toEqual({
      email,
      workspace: 'studio',
      opens: true,
    })
    expect(await post('accept', { token })).toMatchObject({ status: 400 })
    expect(await post('accept', { token, password: 'weak' })).toMatchObject({ status: 400 })
    const { status, body } = await post('accept', { token, password })
    expect(status).toBe(200)
    expect(body.result).toMatchObject({ id, role: 'standard', workspace: 'studio', email })
    const headers = {
      authorization: `Bearer ${String((body.result as Json).token)}`,
      'x-accsyn-workspace': 'studio',
    }
    expect(await send(server.app, 'PUT', '/api/v3/api/login', {}, headers)).toMatchObject({ status: 200 })
    expect((await post('login', { email, password })).status).toBe(200)
    for (const what of ['accept', 'invitation']) {
      expect(await post(what, { token, password: 'yet another one' })).toMatchObject({ status: 404 })
    }
  })

  it('is usable at once, and sends no mail where none is wanted', async () => {
    const { key } = await createKey(database.store, email)
    await server.result('POST', 'user/create', { data: { code: email, mail: false } })
    const as = { id: '', email, key, role: 'standard' } as const
    expect((await server.send('GET', 'entitytypes', { as })).status).toBe(200)
    const mails = server.workspace.db.selectFrom('mail').selectAll().where('recipient', '=', email)
    expect(await mails.execute()).toEqual([])
  })

  it('is accepted once when two people press the button', async () => {
    const { token } = await invited()
    const all = await Promise.all(
      ['first password', 'other password'].map(
        async (secret) => await post('accept', { token, password: secret }),
      ),
    )
    expect(all.map(({ status }) => status).sort()).toEqual([200, 404])
  })

  it.each(['', 'wbi_x', 'wbi_'.padEnd(47, 'x')])('is not made up: %j', async (token) => {
    expect((await post('accept', { token, password })).status).toBeGreaterThanOrEqual(400)
  })

  it('is over after two weeks, with its user, and while the user is out', async () => {
    const { id, token } = await invited()
    const edit = async (data: Json) => await server.result('PUT', 'user/edit', { id, data })
    await edit({ status: 'disabled' })
    expect((await post('invitation', { token })).status).toBe(404)
    await edit({ status: 'enabled' })
    expect((await post('invitation', { token })).status).toBe(200)
    server.clock.time += 15 * 86_400_000
    expect((await post('invitation', { token })).status).toBe(404)
    const again = await shown(id)
    expect((await post('invitation', { token: again })).status).toBe(200)
    await server.result('DELETE', 'user/delete', { id })
    expect((await post('invitation', { token: again })).status).toBe(404)
  })

  it('that the inviter saw opens what the inviter made, and nothing that is in use', async () => {
    const { id } = await invited()
    const opens = async (token: string) => ((await post('invitation', { token })).body.result as Json).opens
    const link = await shown(id)
    expect(await opens(link)).toBe(true)
    // A key means that somebody is there already.
    await createKey(database.store, email)
    expect(await opens(link)).toBe(false)
    const { body } = await post('accept', { token: link, password })
    expect(body.result).toEqual({ token: null, email, workspace: 'studio', opens: false })
    expect((await post('login', { email, password })).status).toBe(401)
    // The mailbox is proof enough; but it is not to be filled.
    const again = await server.send('POST', 'user/invitation', { id, data: { mail: true } })
    expect(again).toMatchObject({ status: 429 })
    server.clock.time += 60_000
    await server.result('POST', 'user/invitation', { id, data: { mail: true } })
    expect(await opens(await mailed())).toBe(true)
  })

  it('that the inviter saw does not reach into other workspaces', async () => {
    const other = await bootstrap(database.store, {
      admin: 'o@example.com',
      workspace: `w${count}`,
      volumePath: '',
    })
    const { id, token } = await invited()
    const headers = {
      authorization: `Basic ${Buffer.from(`o@example.com:${other.apiKey ?? ''}`).toString('base64')}`,
      'x-accsyn-workspace': `w${count}`,
    }
    const create = { audience: 'api', uri: 'user/create', data: { code: email } }
    await send(server.app, 'POST', '/api/v3/event', create, headers)
    expect((await post('invitation', { token: await shown(id) })).body.result).toMatchObject({ opens: false })
    expect((await post('invitation', { token })).body.result).toMatchObject({ opens: true })
  })

  it('of somebody with a password asks for that', async () => {
    const { id, token } = await invited()
    await post('accept', { token, password })
    await server.result('DELETE', 'user/delete', { id })
    const again = await invited()
    expect((await post('invitation', { token: again.token })).body.result).toMatchObject({ opens: false })
    expect((await post('accept', { token: again.token, password: 'not that one' })).status).toBe(401)
    const { body } = await post('accept', { token: again.token, password })
    expect(body.result).toMatchObject({ id: again.id, token: expect.stringMatching(/^wbs_/) as unknown })
  })

  it('is one of twenty at the most', async () => {
    const { id } = await invited()
    const first = await shown(id)
    for (let made = 0; made < 20; made += 1) await shown(id)
    expect((await post('invitation', { token: first })).status).toBe(404)
    expect(
      await server.workspace.db.selectFrom('invitation').select('id').where('user', '=', id).execute(),
    ).toHaveLength(20)
  })

  it('is made by operators, for whom they may invite', async () => {
    const { id } = await invited()
    const lisa = await server.member(`standard${count}@example.com`, 'standard')
    const ask = async (as: Member, which: string) =>
      await server.send('POST', 'user/invitation', { as, id: which, data: {} })
    expect((await ask(erik, id)).status).toBe(200)
    expect((await ask(erik, server.admin.id)).status).toBe(404)
    expect((await ask(lisa, id)).status).toBe(403)
    expect((await ask(server.admin, server.admin.id)).status).toBe(403)
    const link = await shown(id, erik)
    await server.result('PUT', 'user/edit', { id, data: { role: 'admin' } })
    expect((await post('invitation', { token: link })).status).toBe(404)
    const audit = await server.workspace.db
      .selectFrom('audit')
      .select('change')
      .where('entity', '=', id)
      .orderBy('id')
      .execute()
    expect(audit.map(({ change }) => change)).toEqual([
      'created',
      'invitation shown',
      'invitation shown',
      'changed',
    ])
  })
})
