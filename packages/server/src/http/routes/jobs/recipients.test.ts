import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../../../store/testing.js'
import { createTestServer, insertJob, insertTask, type Member, type TestServer } from '../../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
let bob: Member

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  bob = await server.member('bob@example.com', 'standard')
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const add = (id: string, recipient: unknown, as = server.admin, more: object = {}) =>
  server.send('PUT', 'job/recipient/add', { as, id, data: { recipient, ...more } })
const list = (id: string, as = server.admin) => server.result('GET', 'job/recipients', { as, id })

it('sees the transfer and its tasks from then on, and changes nothing', async () => {
  const id = await insertJob(server)
  await insertTask(server, id, 0)
  expect(await server.result('GET', 'transfer/find', { as: bob, id })).toEqual([])
  expect((await add(id, bob.id)).body).toEqual({ result: true })
  expect((await add(id, 'BOB@example.com')).body).toEqual({ result: true })
  expect(await list(id)).toEqual([{ user: bob.id, user_hr: 'bob@example.com', actioned: null }])
  expect(await server.result('GET', 'transfer/find', { as: bob, id })).toHaveLength(1)
  expect(await server.result('GET', 'task/find', { as: bob, id })).toHaveLength(1)
  const refused = [
    await server.send('PUT', 'transfer/edit', { as: bob, id, data: { status: 'aborted' } }),
    await server.send('PUT', 'task/edit', { as: bob, id, data: [{ uri: '0', status: 'excluded' }] }),
    await server.send('POST', 'task/create', { as: bob, id, data: { tasks: ['/a'] } }),
    await add(id, lisa.id, bob),
    await server.send('PUT', 'setting', {
      as: bob,
      id,
      data: { entitytype: 'job', name: 'transfer_speedlimit', value: '1' },
    }),
  ]
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
  await server.result('DELETE', 'transfer/recipient', { id, data: { recipient: bob.email } })
  expect(await list(id)).toEqual([])
  expect(await server.result('GET', 'transfer/find', { as: bob, id })).toEqual([])
  const again = await server.send('DELETE', 'job/recipient', { id, data: { recipient: bob.email } })
  expect(again.status).toBe(404)
})

it('is the user that a transfer goes to, who cannot be taken off', async () => {
  const id = await insertJob(server, { destination_type: 'user', destination_id: lisa.id })
  expect(await list(id, lisa)).toEqual([{ user: lisa.id, user_hr: lisa.email, actioned: null }])
  const { status } = await server.send('DELETE', 'job/recipient', { id, data: { recipient: lisa.id } })
  expect(status).toBe(409)
})

it('is invited, unless that is not wanted', async () => {
  const id = await insertJob(server)
  expect((await add(id, 'eve@example.com', server.admin, { invite: false })).status).toBe(404)
  expect((await add(id, 'eve@example.com')).status).toBe(200)
  expect(await list(id)).toMatchObject([{ user_hr: 'eve@example.com' }])
  expect(await server.result('GET', 'user/find', { query: 'code=eve@example.com' })).toMatchObject([
    { role: 'standard' },
  ])
})

it('is added by who made the transfer, who neither invites nor finds out who there is', async () => {
  const id = await insertJob(server, { user: lisa.id })
  expect((await add(id, bob.email, lisa)).status).toBe(200)
  expect((await add(id, 'stranger@example.com', lisa)).status).toBe(403)
  expect((await add(id, bob.id, lisa)).status).toBe(404)
})

it.each([[{}], [{ recipient: '' }], [{ recipient: 5 }], [{ recipient: ['a@example.com'] }]])(
  'has to be said: %j',
  async (data) => {
    const id = await insertJob(server)
    const { status } = await server.send('PUT', 'job/recipient/add', { id, data })
    expect(status).toBe(400)
  },
)

it('of deliveries is not available yet', async () => {
  const { body } = await server.send('GET', 'delivery/recipients', { id: '0123456789abcdef01234567' })
  expect(body.code).toBe('not_available')
})
