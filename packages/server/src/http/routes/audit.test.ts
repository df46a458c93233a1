import { newId } from '@waybill/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeAudit } from '../../audit/note-change.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { createTestServer, type EventParts, type Member, type TestServer, testNow } from '../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
let bob: Member

const day = 86_400_000
const site = newId(testNow)

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'employee')
  bob = await server.member('bob@example.com', 'standard')
  await server.workspace.transaction(async (tx) => {
    const note = async (member: Member, days: number, entitytype: string, change: string, details: object) =>
      await writeAudit(
        tx,
        { ...server.context(member), device: `=device of ${member.email}`, now: testNow + days * day },
        { entitytype, id: site, change, details: { ...details } },
      )
    await note(lisa, 0, 'site', 'created', { code: 'Stockholm' })
    await note(bob, 1, 'site', 'changed', { name: 'Sthlm' })
    await note(lisa, 2, 'user', 'deleted', {})
  })
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

async function find(data: EventParts['data'] = {}): Promise<string[]> {
  const own = { entity: site, ...(data as object) }
  const lines = (await server.result('GET', 'audit/find', { data: own })) as { change: string }[]
  return lines.map(({ change }) => change)
}

it('tells who changed what, from where, the latest first', async () => {
  expect(await find()).toEqual(['deleted', 'changed', 'created'])
  const [line] = (await server.result('GET', 'audit/find', { data: { entity: site, limit: 1 } })) as [unknown]
  expect(line).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/) as string,
    created: '2026-01-24T08:35:59',
    user: lisa.id,
    email: 'lisa@example.com',
    role: 'employee',
    device: '=device of lisa@example.com',
    address: '127.0.0.1',
    entitytype: 'user',
    entity: site,
    change: 'deleted',
    details: {},
  })
})

it('is narrowed', async () => {
  expect(await find({ who: 'Lisa@example.com' })).toEqual(['deleted', 'created'])
  expect(await find({ who: bob.id })).toEqual(['changed'])
  expect(await find({ entitytype: 'Site' })).toEqual(['changed', 'created'])
  expect(await find({ change: 'created' })).toEqual(['created'])
  expect(await find({ from: '2026-01-23' })).toEqual(['deleted', 'changed'])
  expect(await find({ to: '2026-01-23' })).toEqual(['changed', 'created'])
  expect(await find({ text: 'STOCKHOLM' })).toEqual(['created'])
  expect(await find({ limit: 1, skip: 1 })).toEqual(['changed'])
  expect(await find({ limit: 0 })).toHaveLength(3)
  expect(await find({ who: 'nobody@example.com' })).toEqual([])
})

it('comes as comma-separated values, which are no formulas', async () => {
  const text = await server.result('GET', 'audit/find', { data: { entity: site, format: 'csv' } })
  const lines = String(text).split('\r\n')
  expect(lines[0]).toBe('id,created,user,email,role,device,address,entitytype,entity,change,details')
  expect(lines).toHaveLength(5)
  expect(lines[3]).toContain(`,'=device of lisa@example.com,127.0.0.1,site,${site},created,"{""code"":`)
})

it('is long without being held', async () => {
  await server.workspace.transaction(async (tx) => {
    for (let index = 0; index < 1200; index += 1) {
      const note = { entitytype: 'queue', id: 'many', change: 'changed' }
      await writeAudit(tx, server.context(bob), note)
    }
  })
  const lines = (await server.result('GET', 'audit/find', { data: { entity: 'many' } })) as { id: string }[]
  expect(lines).toHaveLength(1200)
  expect(lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1)))
  expect(
    (await server.result('GET', 'audit/find', { data: { entity: 'many', format: 'csv' } })) as string,
  ).toMatch(/^id,/)
})

it.each([
  ['from', 'yesterday'],
  ['to', 5],
  ['format', 'xml'],
  ['limit', -1],
])('says what is wrong with %s', async (name, value) => {
  const { status, body } = await server.send('GET', 'audit/find', { data: { [name]: value } })
  expect([status, body.code]).toEqual([400, 'bad_request'])
})

it('is for admins', async () => {
  for (const as of [lisa, bob]) {
    const { status } = await server.send('GET', 'audit/find', { as })
    expect(status).toBe(403)
  }
})
