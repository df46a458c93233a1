import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestServer, type TestServer, testNow } from '../http/testing.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { writeAudit } from './note-change.js'
import { purgeAudit } from './retention.js'

let database: TestDatabase
let server: TestServer
const day = 86_400_000

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

it('the audit log is kept for ever, or as long as the workspace wants', async () => {
  await server.workspace.transaction(async (tx) => {
    for (const days of [0, 10, 20]) {
      const ctx = { ...server.context(server.admin), now: testNow + days * day }
      await writeAudit(tx, ctx, { entitytype: 'site', id: 'x', change: `day ${days}` })
    }
  })
  const kept = async (): Promise<string[]> => {
    await purgeAudit(server.store, testNow + 30 * day)
    const rows = await server.workspace.db
      .selectFrom('audit')
      .select('change')
      .where('entity', '=', 'x')
      .orderBy('id')
      .execute()
    return rows.map(({ change }) => change)
  }
  const set = async (value: string) =>
    await server.result('PUT', 'setting', { data: { name: 'audit_keep_days', value } })
  expect(await kept()).toHaveLength(3)
  await set('-1')
  expect(await kept()).toHaveLength(3)
  await set('15')
  expect(await kept()).toEqual(['day 20'])
  const refused = await server.send('PUT', 'setting', { data: { name: 'audit_keep_days', value: '0' } })
  expect(refused.status).toBe(400)
})
