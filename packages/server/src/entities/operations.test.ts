import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestServer, insertClient, insertJob, type Member, type TestServer } from '../http/testing.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'

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

type Json = Record<string, unknown>

async function one(
  method: 'POST' | 'PUT',
  uri: string,
  data: object,
  id?: string,
  as = server.admin,
): Promise<Json> {
  const result = (await server.result(method, uri, {
    as,
    data,
    ...(id === undefined ? {} : { id }),
  })) as Json[]
  expect(result).toHaveLength(1)
  return result[0] ?? {}
}

async function refusal(
  method: 'POST' | 'PUT' | 'DELETE',
  uri: string,
  event: { data?: object; id?: string; as?: Member },
): Promise<string> {
  const { status, body } = await server.send(method, uri, event)
  expect(status).toBeGreaterThanOrEqual(400)
  return String(body.message)
}

const find = async (uri: string, query?: string, data: object = {}): Promise<Json[]> =>
  (await server.result('GET', `${uri}/find`, { data, ...(query === undefined ? {} : { query }) })) as Json[]

describe('what is given', () => {
  it.each<[string, object, RegExp]>([
    ['an attribute that there is not', { code: 'x', colour: 1 }, /no attribute "colour".*these can: code/],
    [
      'an attribute that is never given',
      { code: 'x', created: '2026-01-01' },
      /"created" of a site cannot be given/,
    ],
    ['a number for text', { code: 5 }, /code of a site has to be text, not 5/],
    ['a text for an object', { code: 'x', metadata: 'y' }, /metadata has to be an object/],
    ['a value of no use', { code: 'x', status: 'odd' }, /cannot be set to "odd"; choose enabled, disabled/],
    ['nothing', {}, /needs a code or a name/],
    ['a code that is a path', { code: '../x' }, /cannot be the code/],
    ['a list', [], /as an object/],
  ])('is checked: %s', async (_, data, words) => {
    expect(await refusal('POST', 'site/create', { data })).toMatch(words)
  })

  it('is checked by role', async () => {
    expect(await refusal('POST', 'site/create', { as: erik, data: { code: 'x' } })).toMatch(/cannot be given/)
    expect(await refusal('POST', 'site/create', { as: lisa, data: {} })).toMatch(/role standard/)
    expect(await refusal('PUT', 'user/edit', { as: lisa, id: lisa.id, data: { role: 'admin' } })).toMatch(
      /"role" of a user cannot be changed; these can: name/,
    )
  })

  it('is not nested without end', async () => {
    let metadata = {}
    for (let level = 0; level < 100; level += 1) metadata = { metadata }
    expect(await refusal('POST', 'site/create', { data: { code: 'deep', metadata } })).toMatch(/deeply/)
  })
})

describe('attributes', () => {
  it.each([
    ['transfer', 'standard', { update: true }, ['name', 'status', 'metadata', 'hooks', 'description']],
    ['task', 'employee', { update: true }, ['status', 'priority', 'metadata']],
    ['user', 'standard', { update: true }, ['name']],
    ['user', 'standard', { create: true }, []],
    ['queue', 'employee', { update: true }, []],
    ['queue', 'employee', { create: true }, []],
    ['acl', 'admin', { update: true }, ['path', 'read', 'write', 'notify', 'message', 'description']],
  ] as const)('of %s for the role %s', async (entitytype, role, data, names) => {
    const as = { admin: server.admin, employee: erik, standard: lisa }[role]
    expect(await server.result('GET', 'attributes', { as, data: { entitytype, ...data } })).toEqual(names)
  })

  it('of a type that the role does not see are none, as of one that there is not', async () => {
    for (const entitytype of ['queue', 'spaceship', null]) {
      const { status, body } = await server.send('GET', 'attributes', { as: lisa, data: { entitytype } })
      expect([status, body.code]).toEqual([400, 'unknown_entity'])
    }
    expect(await server.result('GET', 'entitytypes', { as: lisa })).not.toContain('queue')
  })
})

describe('users', () => {
  it('are invited, changed, and seen as they are', async () => {
    const made = await one('POST', 'user/create', {
      code: 'Anna@Example.com',
      name: 'Anna',
      role: 'employee',
    })
    expect(made).toMatchObject({
      code: 'anna@example.com',
      role: 'employee',
      status: 'enabled',
      creator: 'admin@example.com',
      logged_in: null,
      metadata: {},
    })
    const id = String(made.id)
    const edited = await one('PUT', 'user/edit', { name: 'Anna B', metadata: { desk: 4 }, queue: 'high' }, id)
    expect(edited).toMatchObject({ name: 'Anna B', metadata: { desk: 4 }, queue: server.queues.get('high') })
    expect(server.jobs.told).toContain(`touched user ${id}`)
    expect(await refusal('POST', 'user/create', { data: { code: 'anna@example.com' } })).toMatch(/already/)
  })

  it('keep an admin, and cannot lock themselves out', async () => {
    const id = server.admin.id
    expect(await refusal('DELETE', 'user/delete', { id })).toMatch(/yourself/)
    expect(await refusal('PUT', 'user/edit', { id, data: { status: 'disabled' } })).toMatch(/yourself/)
    expect(await refusal('PUT', 'user/edit', { id, data: { role: 'standard' } })).toMatch(/last admin/)
  })

  it('are dealt with by employees when they are standard users', async () => {
    expect(
      await refusal('POST', 'user/create', { as: erik, data: { code: 'x@example.com', role: 'admin' } }),
    ).toMatch(/standard users only/)
    expect(await refusal('DELETE', 'user/delete', { as: erik, id: server.admin.id })).toMatch(
      /no user with the id/,
    )
    const made = await one('POST', 'user/create', { code: 'guest@example.com' }, undefined, erik)
    expect(made.role).toBe('standard')
    await server.result('DELETE', 'user/delete', { as: erik, id: String(made.id) })
    expect(await find('user', 'code=guest@example.com')).toEqual([])
  })

  it('go with their clients and jobs, and can be invited again', async () => {
    const made = await server.member('leaves@example.com', 'standard')
    const client = await insertClient(server, made.id)
    expect(await server.result('DELETE', 'user/delete', { id: made.id })).toBe(true)
    expect(server.jobs.told).toContain(`abort user ${made.id}`)
    expect(server.hub.sent).toContainEqual({
      client,
      message: { type: 'refused', code: 'not_member', message: 'The user of this agent was deleted' },
    })
    expect(await find('client', `user=${made.id}`)).toEqual([])
    const denied = await server.send('GET', 'entitytypes', { as: made })
    expect([denied.status, denied.body.code]).toEqual([403, 'not_member'])
    await one('POST', 'user/create', { code: made.email })
    expect((await server.send('GET', 'entitytypes', { as: made })).status).toBe(200)
  })

  it('are set aside and brought back, by code, unless a job is active', async () => {
    const made = await server.member('aside@example.com', 'standard')
    const job = await insertJob(server, { user: made.id })
    expect(await refusal('DELETE', 'user/deactivate', { id: made.id })).toMatch(/active job/)
    await server.workspace.db.deleteFrom('job').where('id', '=', job).execute()
    expect(await server.result('DELETE', 'user/deactivate', { id: made.id })).toBe(true)
    expect(await find('user', `id=${made.id}`)).toEqual([])
    expect(await find('user', `id=${made.id}`, { inactive: true })).toMatchObject([{ inactive: true }])
    expect((await server.send('GET', 'entitytypes', { as: made })).status).toBe(403)
    expect(await server.result('POST', 'user/activate', { query: 'aside@example.com' })).toBe(true)
    expect(await find('user', `id=${made.id}`)).toMatchObject([{ inactive: false }])
  })
})

describe('sites', () => {
  it('are deleted unless they are in use, or built in', async () => {
    const [hq] = await find('site', 'main=true')
    expect(await refusal('DELETE', 'site/delete', { id: String(hq?.id) })).toMatch(/cannot be deleted/)
    expect(await refusal('PUT', 'site/edit', { id: String(hq?.id), data: { code: 'x' } })).toMatch(
      /keeps its code/,
    )
    const made = await one('POST', 'site/create', { name: 'Göteborg 2' })
    expect(made).toMatchObject({ code: 'göteborg-2', main: false, status: 'enabled' })
    const id = String(made.id)
    const job = await insertJob(server, { destination_type: 'site', destination_id: id })
    expect(await refusal('DELETE', 'site/delete', { id })).toMatch(/README.txt/)
    expect((await find('transfer', 'destination=GÖTEBORG-2'))[0]).toMatchObject({
      id: job,
      destination_hr: `site:göteborg-2(${id})`,
    })
    await server.workspace.db.deleteFrom('job').where('id', '=', job).execute()
    await insertClient(server, server.admin.id, { type: 1, site: id, code: 'gbg-1' })
    expect(await refusal('DELETE', 'site/delete', { id })).toMatch(/gbg-1 belongs/)
  })
})

describe('clients', () => {
  it.each([
    [1, 0, 'online'],
    [0, 0, 'offline'],
    [1, 1, 'disabled'],
    [0, 1, 'disabled-offline'],
  ] as const)('with line %i and switch %i are %s', async (online, disabled, status) => {
    const id = await insertClient(server, lisa.id, { online, disabled })
    expect(await find('app', `id=${id}`)).toMatchObject([{ status }])
    expect(await find('client', `status=${status} and id=${id}`)).toHaveLength(1)
  })

  it('are switched off by their users, and deleted once offline', async () => {
    const id = await insertClient(server, lisa.id)
    expect(await one('PUT', 'app/edit', { status: 'disabled' }, id, lisa)).toMatchObject({
      status: 'disabled',
    })
    expect(await one('PUT', 'client/edit', { status: 'enabled' }, id)).toMatchObject({ status: 'online' })
    expect(await refusal('PUT', 'client/edit', { id, data: { status: 'offline' } })).toMatch(/choose enabled/)
    expect(await refusal('DELETE', 'client/delete', { as: lisa, id })).toMatch(/online/)
    await server.workspace.db.updateTable('client').set({ online: 0 }).where('id', '=', id).execute()
    expect(await server.result('DELETE', 'app/delete', { as: lisa, id })).toBe(true)
    expect(await server.result('GET', 'client/find', { id })).toEqual([])
    const nas = await insertClient(server, server.admin.id, { type: 1, code: 'nas-0' })
    expect(await refusal('PUT', 'server/edit', { as: erik, id: nas, data: { status: 'disabled' } })).toMatch(
      /admins/,
    )
    expect(await refusal('PUT', 'server/edit', { as: lisa, id: nas, data: { status: 'disabled' } })).toMatch(
      /no server/,
    )
    expect(await refusal('POST', 'client/create', { data: { name: 'x' } })).toMatch(/cannot be created/)
  })
})

describe('volumes', () => {
  it('are served, moved, made the default and deleted', async () => {
    const client = await insertClient(server, server.admin.id, { type: 1, code: 'nas-1' })
    const data = { name: 'Film Archive', path: '/srv/film', server: 'nas-1' }
    expect(await refusal('POST', 'volume/create', { data })).toMatch(/nas-1 is offline/)
    server.hub.online.add(client)
    const made = await one('POST', 'volume/create', data)
    const id = String(made.id)
    expect(made).toMatchObject({
      code: 'film-archive',
      path: '/srv/film',
      default: false,
      server: client,
      server_hr: `server:nas-1(${client})`,
      siteservers: [],
      status: 'enabled',
      status_hr: '',
    })
    await server.workspace.db.updateTable('client').set({ online: 0 }).where('id', '=', client).execute()
    expect(await find('volume', `id=${id} and status=offline`)).toHaveLength(1)
    expect(await one('PUT', 'volume/edit', { default: true }, id)).toMatchObject({ default: true })
    expect(await find('volume', 'default=true')).toHaveLength(1)
    expect(await refusal('DELETE', 'volume/delete', { id })).toMatch(/default volume/)
    expect(await refusal('PUT', 'volume/edit', { id, data: { default: false } })).toMatch(/another one/)
    const [storage] = await find('volume', 'code=storage')
    await one('PUT', 'volume/edit', { default: true }, String(storage?.id))
    expect(await server.result('DELETE', 'volume/delete', { id })).toBe(true)
    expect(server.jobs.told).toContain(`abort volume ${id}`)
  })

  it('are assigned to servers at their sites, and taken away', async () => {
    const site = await one('POST', 'site/create', { code: 'oslo' })
    const client = await insertClient(server, server.admin.id, {
      type: 1,
      code: 'oslo-1',
      site: String(site.id),
    })
    server.hub.online.add(client)
    const [storage] = await find('volume', 'code=storage')
    const id = String(storage?.id)
    expect(await server.result('PUT', 'share/server', { id, data: { client } })).toBe(true)
    const assignment = {
      site: site.id,
      site_hr: `site:oslo(${String(site.id)})`,
      client,
      client_hr: `server:oslo-1(${client})`,
      path: '/srv/storage',
    }
    expect(await server.result('GET', 'Volume/servers', { id })).toEqual([assignment])
    expect((await find('volume', `id=${id}`))[0]).toMatchObject({ siteservers: [assignment], server: null })
    expect(await server.result('DELETE', 'volume/server', { id, data: { client } })).toBe(true)
    expect(await server.result('GET', 'volume/servers', { id })).toEqual([])
  })

  it.each([
    ['no path', { code: 'x' }, /absolute path/],
    ['a relative path', { code: 'x', path: 'srv' }, /absolute path/],
    ['an unknown server', { code: 'x', path: '/srv', server: 'nobody' }, /no server "nobody"/],
    ['a path for an unknown system', { code: 'x', paths: { amiga: '/' } }, /paths for linux/],
  ])('need sense: %s', async (_, data, words) => {
    expect(await refusal('POST', 'volume/create', { data })).toMatch(words)
  })
})

describe('ACLs', () => {
  it('let employees see a volume; another path is added to the first', async () => {
    const [storage] = await find('volume', 'code=storage')
    const target = `share:${String(storage?.id)}`
    const seen = async () =>
      ((await server.result('GET', 'volume/find', { as: erik, data: {} })) as Json[]).length
    expect(await seen()).toBe(0)
    const acl = await one('POST', 'acl/create', {
      entity: `user:${erik.email}`,
      target,
      read: true,
      path: '/a/',
    })
    expect(acl).toMatchObject({
      entity: `user:${erik.id}`,
      entity_hr: `user:${erik.email}[employee](${erik.id})`,
      target,
      target_hr: `volume:storage(${String(storage?.id)})`,
      path: '/a',
      read: true,
      write: false,
      paths: [{ path: '/a', read: true, write: false }],
    })
    expect(await seen()).toBe(1)
    expect(await one('PUT', 'acl/edit', { description: 'for May' }, String(acl.id))).toMatchObject({
      description: 'for May',
      path: '/a',
    })
    const more = { entity: `user:${erik.id}`, target, write: true, path: '/b' }
    expect(await server.result('POST', 'acl/create', { data: more })).toEqual([true])
    const found = await server.result('GET', 'acl/find', { query: `ACL WHERE entity=${erik.email}` })
    expect(found).toMatchObject([
      { id: acl.id, path: '/a', paths: [{ path: '/a' }, { path: '/b', write: true }] },
    ])
    expect(await server.result('DELETE', 'acl/delete', { id: String(acl.id) })).toBe(true)
    expect(await seen()).toBe(0)
  })

  it.each<[string, object, RegExp]>([
    ['no rights', { entity: 'erik@example.com', read: false, write: false }, /read, to write/],
    ['a path that leaves', { entity: 'erik@example.com', read: true, path: '/a/../..' }, /leave/],
    ['a volume for a standard user', { entity: 'lisa@example.com', read: true }, /share a folder/],
    ['nobody', { entity: 'who@example.com', read: true, invite: false }, /no user/],
  ])('are refused: %s', async (_, data, words) => {
    const [storage] = await find('volume', 'code=storage')
    const target = `share:${String(storage?.id)}`
    expect(await refusal('POST', 'acl/create', { data: { target, ...data } })).toMatch(words)
    expect(await refusal('POST', 'acl/create', { data: { target: `share:${newId()}`, ...data } })).toMatch(
      /./,
    )
  })
})
