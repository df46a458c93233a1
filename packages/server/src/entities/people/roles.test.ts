import { type EntityType, newId, type Role, roles } from '@waybill/api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WHOLE } from '../../access/grants.js'
import {
  createTestServer,
  insertClient,
  insertJob,
  type Member,
  type TestServer,
  testNow,
} from '../../http/testing.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'

/**
 * What each role may see and do, line by line: `rw` reads and writes, `r` reads and is refused in words, `-` finds
 * nothing. `of` says whose it is, or how it stands to the caller.
 */
const table = `
  type       of          admin employee standard
  user       caller      rw    rw       rw
  user       admin       rw    -        -
  user       employee    rw    -        -
  user       standard    rw    rw       -
  workspace  -           rw    r        -
  queue      -           rw    r        -
  site       -           rw    r        -
  server     admin       rw    r        -
  app        caller      rw    rw       rw
  app        admin       rw    -        -
  app        employee    rw    -        -
  app        standard    rw    rw       -
  userserver caller      rw    rw       rw
  userserver employee    rw    -        -
  userserver standard    rw    rw       -
  volume     granted     rw    r        -
  volume     other       rw    -        -
  folder     granted     rw    rw       r
  folder     beneath     rw    rw       -
  folder     other       rw    -        -
  collection granted     rw    rw       r
  collection other       rw    -        -
  home       caller      rw    rw       r
  home       admin       rw    -        -
  home       employee    rw    -        -
  home       standard    rw    rw       -
  acl        caller      rw    rw       rw
  acl        admin       rw    -        -
  acl        employee    rw    -        -
  acl        standard    rw    rw       -
  transfer   caller      rw    rw       rw
  transfer   sender      rw    rw       rw
  transfer   receiver    rw    rw       rw
  transfer   standard    rw    rw       -
`
const [, ...lines] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const cases = lines.flatMap(([type = '', of = '', ...rights]) =>
  (['admin', 'employee', 'standard'] as const).map(
    (role, column) => [type, of, role, rights[column] ?? ''] as const,
  ),
)

let database: TestDatabase
let server: TestServer
/** Two of each role: the one who calls, and somebody else. */
let callers: Readonly<Record<Role, Member>>
let others: Readonly<Record<Role, Member>>
let volumes: { readonly granted: string; readonly other: string }

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  const two = async (name: string) => ({
    admin: await server.member(`${name}-admin@example.com`, 'admin'),
    employee: await server.member(`${name}-employee@example.com`, 'employee'),
    standard: await server.member(`${name}-standard@example.com`, 'standard'),
  })
  callers = await two('caller')
  others = await two('other')
  const { id } = await server.workspace.db.selectFrom('share').select('id').executeTakeFirstOrThrow()
  volumes = { granted: id, other: await share('volume', null, '/srv/other') }
})
beforeEach(async () => {
  await server.workspace.db.deleteFrom('acl').execute()
  await server.workspace.db.deleteFrom('share').where('kind', '!=', 'volume').execute()
  await grant(callers.employee, volumes.granted)
  for (const { id } of [callers.standard, others.standard, callers.employee, others.employee]) {
    await server.workspace.db
      .updateTable('user')
      .set({ status: 'enabled', inactive: 0 })
      .where('id', '=', id)
      .execute()
  }
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const made = { created: testNow, creator: 'x@example.com', modified: testNow, modifier: 'x@example.com' }

async function grant({ id: user }: Member, on: string): Promise<string> {
  const id = newId()
  const row = { id, workspace: server.workspace.id, user, share: on, paths: JSON.stringify([WHOLE]), ...made }
  await server.workspace.db
    .insertInto('acl')
    .values({ ...row, notify: 0, message: '', description: '', inactive: 0, acknowledged: null })
    .execute()
  return id
}

async function share(
  kind: 'volume' | 'folder' | 'home' | 'collection',
  parent: string | null,
  path: string,
  user: string | null = null,
): Promise<string> {
  const id = newId()
  const row = { id, workspace: server.workspace.id, code: id, name: id, kind, parent, path, user, ...made }
  await server.workspace.db
    .insertInto('share')
    .values({
      ...row,
      description: '',
      metadata: null,
      is_default: 0,
      paths: null,
      queue: null,
      email: '',
      status: 'enabled',
      inactive: 0,
    })
    .execute()
  return id
}

/** The id of something that stands to the caller as `of` says. */
async function subject(type: string, of: string, caller: Member): Promise<string> {
  const role = roles.find((one) => one === of)
  const owner = of === 'caller' ? caller : role === undefined ? server.admin : others[role]
  const only = async (from: 'workspace' | 'site', code?: string): Promise<string> => {
    let query = server.workspace.db.selectFrom(from).select('id')
    if (code !== undefined) query = query.where('code', '=', code)
    return (await query.executeTakeFirstOrThrow()).id
  }
  switch (type) {
    case 'user':
      return owner.id
    case 'workspace':
      return await only('workspace')
    case 'site':
      return await only('site', 'hq')
    case 'queue':
      return server.queues.get('low') ?? ''
    case 'server':
    case 'app':
    case 'userserver': {
      const number = { app: 0, server: 1, userserver: 2 }[type]
      return await insertClient(server, owner.id, { type: number, code: newId(), online: 0 })
    }
    case 'volume':
      return of === 'granted' ? volumes.granted : volumes.other
    case 'home':
      return await share('home', volumes.granted, `homes/${owner.email}`, owner.id)
    case 'folder':
    case 'collection': {
      const parent = type === 'collection' ? null : of === 'other' ? volumes.other : volumes.granted
      const id = await share(type, parent, type === 'folder' ? `folders/${newId()}` : '')
      if (of === 'granted') await grant(caller, id)
      return id
    }
    case 'acl':
      return await grant(owner, await share('folder', volumes.granted, `folders/${newId()}`))
    default: {
      const party = { source_type: 'user', source_id: caller.id } as const
      const into = { destination_type: 'user', destination_id: caller.id } as const
      const sides = of === 'sender' ? party : of === 'receiver' ? into : {}
      const user = of === 'caller' ? caller.id : others.standard.id
      return await insertJob(server, { user, ...sides })
    }
  }
}

/** A change that everybody who may write at all may make. */
const changes: Readonly<Partial<Record<string, object>>> = {
  workspace: { description: 'x' },
  site: { description: 'x' },
  volume: { description: 'x' },
  transfer: { status: 'paused' },
}

async function write(type: string, id: string, as: Member) {
  // What an ACL grants is changed by granting and revoking.
  if (type === 'acl') return await server.send('DELETE', 'acl/delete', { as, id })
  // Queues are the scheduler's, which is a double here; their settings are not.
  if (type === 'queue') {
    const data = { entitytype: 'queue', name: 'transfer_speedlimit', value: '5' }
    return await server.send('PUT', 'setting', { as, id, data })
  }
  return await server.send('PUT', `${type as EntityType}/edit`, {
    as,
    id,
    data: changes[type] ?? { name: 'x' },
  })
}

describe('what roles may', () => {
  it.each(cases)('%s of %s: %s %s', async (type, of, role, right) => {
    const as = callers[role]
    const id = await subject(type, of, as)
    const seen = await server.send('GET', `${type}/find`, { as, id })
    const listed = await server.send('GET', `${type}/find`, {
      as,
      ...(type === 'acl' ? {} : { query: `id=${id}` }),
    })
    const shown = ({ body }: typeof seen): boolean =>
      JSON.stringify(body.result ?? null).includes(`"id":"${id}"`)
    expect([shown(seen), shown(listed)]).toEqual(right === '-' ? [false, false] : [true, true])
    const written = await write(type, id, as)
    if (right === 'rw') expect(written.body).not.toHaveProperty('message')
    else expect(written.status).toBeGreaterThanOrEqual(400)
    if (right === 'r') expect(written.status).toBeLessThan(404)
    // In the words for what is not there at all.
    if (right !== '-') return
    const absent = newId()
    const nothing = await write(type, absent, as)
    expect(String(written.body.message).replaceAll(id, absent)).toBe(nothing.body.message)
  })

  it.each([
    ['admin', 'admin', true],
    ['admin', 'employee', true],
    ['admin', 'standard', true],
    ['employee', 'admin', false],
    ['employee', 'employee', false],
    ['employee', 'standard', true],
    ['standard', 'standard', false],
  ] as const)('%s disables, deactivates and deletes %s: %s', async (role, other, may) => {
    const as = callers[role]
    const target = await server.member(`${newId()}@example.com`, other)
    const acts = [
      await server.send('PUT', 'user/edit', { as, id: target.id, data: { status: 'disabled' } }),
      await server.send('DELETE', 'user/deactivate', { as, id: target.id }),
      await server.send('POST', 'user/activate', { as, query: target.email }),
      await server.send('DELETE', 'user/delete', { as, id: target.id }),
    ]
    expect(acts.map(({ status }) => status < 400)).toEqual([may, may, may, may])
    const left = await server.workspace.db
      .selectFrom('user')
      .select('id')
      .where('id', '=', target.id)
      .execute()
    expect(left).toHaveLength(may ? 0 : 1)
  })

  it.each([
    ['admin', 'admin', true],
    ['admin', 'standard', true],
    ['employee', 'standard', true],
    ['employee', 'employee', false],
    ['employee', 'admin', false],
    ['standard', 'standard', false],
  ] as const)('%s invites %s: %s', async (role, other, may) => {
    const data = { code: `${newId()}@example.com`, role: other, mail: false }
    expect((await server.send('POST', 'user/create', { as: callers[role], data })).status < 400).toBe(may)
  })
})
