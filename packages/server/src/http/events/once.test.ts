import { newId } from '@waybill/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bootstrap } from '../../access/bootstrap.js'
import type { WorkspaceStore } from '../../store/store.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { Once, type Reply } from './once.js'

let database: TestDatabase
let store: WorkspaceStore
const once = new Once({ now: () => 0 })

beforeAll(async () => {
  database = await createSqlite()
  const { workspace } = await bootstrap(database.store, { admin: 'a@example.com', volumePath: '/srv' })
  store = database.store.workspace(workspace)
})
afterAll(async () => {
  await database.drop()
})

/** What the first call and its repetition are answered, and how often it was acted on. */
async function twice(reply: Reply): Promise<{ first: Reply; second: Reply; acted: number }> {
  const key = { ident: 'a@example.com', eid: newId(), print: 'x' }
  let acted = 0
  const work = async (): Promise<Reply> => {
    acted += 1
    return await Promise.resolve(reply)
  }
  return { first: await once.run(store, key, work), second: await once.run(store, key, work), acted }
}

const list = (count: number, filler: string) =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), filler }))

it('an answer is kept whole', async () => {
  const body = { result: list(10, 'x') }
  expect(await twice({ status: 200, body })).toEqual({
    first: { status: 200, body },
    second: { status: 200, body },
    acted: 1,
  })
})

it('of a long list the ids are kept', async () => {
  const body = { result: list(1000, 'x'.repeat(1000)) }
  const { first, second, acted } = await twice({ status: 200, body })
  expect(first.body).toEqual(body)
  expect(second.body).toEqual({ result: body.result.map(({ id }) => ({ id })) })
  expect(acted).toBe(1)
})

it.each([[{ result: list(100_000, '') }], [{ result: 'x'.repeat(300_000) }]])(
  'of what is longer, that there was an answer',
  async (body) => {
    const { second, acted } = await twice({ status: 200, body })
    expect([second.status, second.body.code, acted]).toEqual([409, 'conflict', 1])
  },
)

it('a secret is kept from a repetition', async () => {
  const { second, acted } = await twice({ status: 200, body: { result: { key: 'wbk_1' } }, secret: true })
  expect(JSON.stringify(second)).not.toContain('wbk_1')
  expect([second.status, acted]).toEqual([409, 1])
})
