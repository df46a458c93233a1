import { entityTypes } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { createTestServer, headersOf, insertJob, type Member, type TestServer } from './testing.js'

// Whatever arrives is answered in JSON, and is never a fault of the server.

let database: TestDatabase
let server: TestServer
let lisa: Member

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  await insertJob(server)
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const verbs = [
  'find',
  'create',
  'edit',
  'delete',
  'deactivate',
  'activate',
  'server',
  'servers',
  'report',
  'metrics',
  'log',
]
const uri = fc.oneof(
  fc
    .tuple(fc.constantFrom(...entityTypes, 'job', 'share'), fc.constantFrom(...verbs))
    .map((parts) => parts.join('/')),
  fc.constantFrom('setting', 'attributes', 'entitytypes', 'acl/create', 'acl/find'),
  fc.string(),
)
const names = [
  'code',
  'name',
  'status',
  'role',
  'parent',
  'limit',
  'attributes',
  'tasks',
  'path',
  'paths',
  'server',
  'metadata',
  'entitytype',
  'value',
  'entity',
  'target',
  'read',
  '__proto__',
  'constructor',
]
const data = fc.oneof(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), fc.jsonValue())
const event = fc.record(
  {
    uri,
    id: fc.oneof(fc.string(), fc.constant(null), fc.stringMatching(/^[0-9a-f]{24}$/)),
    query: fc.oneof(
      fc.string(),
      fc.constantFrom('status=waiting', 'job.id=5', 'acl where read=true', 'user=*'),
    ),
    data,
    gz_data: fc.option(fc.base64String()),
  },
  { requiredKeys: ['uri'] },
)

async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', text: string, as: Member) {
  const inUrl = method === 'GET' || method === 'DELETE'
  const answer = await server.app.inject({
    method,
    url: inUrl ? `/api/v3/event?${encodeURIComponent(text)}` : '/api/v3/event',
    headers: headersOf(as),
    ...(inUrl ? {} : { payload: text }),
  })
  expect(answer.headers['content-type']).toContain('application/json')
  const body: unknown = answer.json()
  expect(answer.statusCode, JSON.stringify(body)).not.toBe(500)
  const keys = Object.keys(body as object)
  expect(keys.some((key) => ['result', 'message', 'success', 'report'].includes(key))).toBe(true)
}

it('any event', async () => {
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE')
  await fc.assert(
    fc.asyncProperty(method, event, fc.boolean(), async (verb, any, isAdmin) => {
      await ask(verb, JSON.stringify(any), isAdmin ? server.admin : lisa)
    }),
    { numRuns: 600 },
  )
})

it('any text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'POST'), fc.string({ unit: 'grapheme' }), async (verb, text) => {
      await ask(verb, text, server.admin)
    }),
    { numRuns: 100 },
  )
})
