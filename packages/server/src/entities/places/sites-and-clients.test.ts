import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createTestServer,
  insertClient,
  insertJob,
  type Member,
  type TestServer,
} from '../../http/testing.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'

type Json = Record<string, unknown>

let database: TestDatabase
let server: TestServer
let lisa: Member
let erik: Member
let nora: Member

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  erik = await server.member('erik@example.com', 'employee')
  nora = await server.member('nora@example.com', 'employee')
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const find = async (type: string, query: string, as = server.admin): Promise<Json[]> =>
  (await server.result('GET', `${type}/find`, { as, query, data: {} })) as Json[]

const edit = async (type: string, id: string, data: object, as = server.admin): Promise<Json | undefined> =>
  ((await server.result('PUT', `${type}/edit`, { as, id, data })) as Json[])[0]

async function refusal(
  method: 'POST' | 'PUT' | 'DELETE',
  uri: string,
  event: { data?: object; id?: string; as?: Member },
): Promise<string> {
  const { status, body } = await server.send(method, uri, event)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  return String(body.message)
}

async function site(code: string): Promise<string> {
  const made = (await server.result('POST', 'site/create', { data: { code } })) as Json[]
  return String(made[0]?.id)
}

describe('sites', () => {
  it('that are built in keep their names and stay', async () => {
    const roaming = String((await find('site', 'code=roaming'))[0]?.id)
    for (const data of [{ name: 'Elsewhere' }, { code: 'elsewhere' }]) {
      expect(await refusal('PUT', 'site/edit', { id: roaming, data })).toMatch(/keeps its/)
    }
    expect(await refusal('DELETE', 'site/delete', { id: roaming })).toMatch(/cannot be deleted/)
  })

  it('are made once with a code, changed, disabled and deleted', async () => {
    const id = await site('oslo')
    expect(await refusal('POST', 'site/create', { data: { code: 'Oslo' } })).toMatch(/already/)
    expect(await edit('site', id, { name: 'Oslo', status: 'disabled', description: 'x' })).toMatchObject({
      name: 'Oslo',
      status: 'disabled',
      description: 'x',
      modifier: server.admin.email,
    })
    expect(server.jobs.told).toContain(`touched site ${id}`)
    expect(await refusal('DELETE', 'site/delete', { as: erik, id })).toMatch(/not allowed/)
    expect(await refusal('PUT', 'site/edit', { as: erik, id, data: { name: 'y' } })).toMatch(
      /cannot be changed/,
    )
    expect(await refusal('DELETE', 'site/delete', { as: lisa, id })).toMatch(/no site|not allowed/)
    expect(await server.result('DELETE', 'site/delete', { id })).toBe(true)
  })

  it('take servers with the volumes that they serve', async () => {
    const id = await site('bergen')
    const client = await insertClient(server, server.admin.id, { type: 1, code: 'nas-b' })
    const other = await insertClient(server, server.admin.id, { type: 1, code: 'nas-c', site: id })
    server.hub.online.add(client)
    server.hub.online.add(other)
    const [storage] = await find('volume', 'default=true')
    const volume = String(storage?.id)
    await server.result('PUT', 'volume/server', { id: volume, data: { client: 'nas-b' } })
    expect(await find('volume', `id=${volume}`)).toMatchObject([{ server: client, siteservers: [] }])
    await server.result('PUT', 'share/server', { id: volume, data: { client: `client=${other}` } })
    expect(await refusal('PUT', 'server/edit', { id: client, data: { site: 'bergen' } })).toMatch(/already/)
    const paths = { linux: '/mnt/storage', windows: 'S:\\' }
    expect(await edit('volume', volume, { paths })).toMatchObject({ path: '/mnt/storage', paths })
    const served = { as: server.admin, id: volume }
    expect(await server.result('GET', 'volume/servers', served)).toMatchObject([
      { client, path: '/mnt/storage' },
      { client: other, path: '/mnt/storage' },
    ])
    server.hub.online.delete(other)
    const away = await server.send('PUT', 'volume/edit', { id: volume, data: { path: '/x' } })
    expect([away.status, away.body.message]).toEqual([503, expect.stringMatching(/nas-c is offline/)])
    expect(await edit('volume', volume, { description: 'x' })).toMatchObject({ path: '/mnt/storage', paths })
    await server.result('DELETE', 'volume/server', { id: volume, data: { client: other } })
    expect(await edit('server', client, { site: 'bergen', roles: 'storage, site' })).toMatchObject({
      site: id,
      site_hr: `site:bergen(${id})`,
      roles: 'storage,site',
    })
    expect(await find('volume', `id=${volume}`)).toMatchObject([
      { server: null, siteservers: [{ site: id, client }] },
    ])
    expect(await refusal('DELETE', 'site/delete', { id })).toMatch(/belongs to the site bergen/)
    expect(await refusal('PUT', 'server/edit', { id: client, data: { roles: 'kitchen' } })).toMatch(/no role/)
    expect(await refusal('PUT', 'server/edit', { id: client, data: { site: 'nowhere' } })).toMatch(/no site/)
  })

  it('with active transfers stay', async () => {
    const id = await site('turku')
    const job = await insertJob(server, { source_type: 'site', source_id: id })
    expect(await refusal('DELETE', 'site/delete', { id })).toMatch(/uses the site turku/)
    await server.workspace.db
      .updateTable('job')
      .set({ population: 'finished' })
      .where('id', '=', job)
      .execute()
    expect(await server.result('DELETE', 'site/delete', { id })).toBe(true)
  })
})

describe('clients', () => {
  it('are changed and deleted by whom the table says, and not there for others', async () => {
    const offline = { online: 0 } as const
    const owners = { admin: server.admin, erik, lisa }
    const who = { admin: server.admin, erik, lisa, nora }
    const expected: Record<keyof typeof owners, readonly (keyof typeof who)[]> = {
      admin: ['admin'],
      erik: ['admin', 'erik'],
      lisa: ['admin', 'erik', 'lisa', 'nora'],
    }
    for (const owner of ['admin', 'erik', 'lisa'] as const) {
      for (const caller of ['admin', 'erik', 'lisa', 'nora'] as const) {
        const id = await insertClient(server, owners[owner].id, { code: `${owner}-${caller}`, ...offline })
        const as = who[caller]
        if (expected[owner].includes(caller)) {
          expect(await edit('client', id, { status: 'disabled', name: 'N' }, as)).toMatchObject({
            status: 'disabled-offline',
            name: 'N',
          })
          expect(await server.result('DELETE', 'client/delete', { as, id })).toBe(true)
        } else {
          expect(await refusal('PUT', 'client/edit', { as, id, data: { name: 'N' } })).toMatch(/There is no/)
          expect(await refusal('DELETE', 'app/delete', { as, id })).toMatch(/There is no/)
        }
      }
    }
  })

  it('are filtered by what they are; servers are the admins’', async () => {
    const kinds = { app: 0, server: 1, userserver: 2, browser: 3 } as const
    for (const [type, number] of Object.entries(kinds)) {
      await insertClient(server, lisa.id, { type: number, code: `one-${type}` })
    }
    for (const [type, number] of Object.entries(kinds)) {
      expect(await find(type, 'code="one-*"')).toMatchObject([{ code: `one-${type}`, type: number }])
    }
    expect(await find('client', 'code="one-*" and type in 0,1')).toHaveLength(2)
    const [nas] = await find('server', 'code=one-server', erik)
    const id = String(nas?.id)
    expect(await refusal('PUT', 'client/edit', { as: erik, id, data: { name: 'x' } })).toMatch(/admins only/)
    await server.workspace.db.updateTable('client').set({ online: 0 }).where('id', '=', id).execute()
    expect(await refusal('DELETE', 'client/delete', { as: erik, id })).toMatch(/admins only/)
    expect(await refusal('DELETE', 'server/delete', { as: erik, id })).toMatch(/not allowed/)
    expect(await server.result('DELETE', 'server/delete', { id })).toBe(true)
  })
})
