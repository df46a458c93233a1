import { roles } from '@waybill/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isRecord } from '../../entities/engine/input.js'
import { type ExampleCall, exampleCalls } from './examples.js'
import { createTenants, type Tenants, type WireCall } from './tenants.js'

// Every route, with its example spoilt in one place: an answer in JSON, and never a fault of the server.

let tenants: Tenants

beforeAll(async () => {
  tenants = await createTenants()
})
afterAll(async () => {
  await tenants.close()
})

let deep: unknown = 'x'
for (let level = 0; level < 200; level += 1) deep = { metadata: deep }

const junk: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  '',
  ' ',
  "'; DROP TABLE job; --",
  '../../etc/passwd',
  'volume=storage/../../etc',
  '\u0000',
  '\ud800',
  'x'.repeat(40_000),
  '0123456789abcdef01234567',
  [],
  [[]],
  [null],
  {},
  { __proto__: { admin: true }, constructor: 1 },
  { toString: 'x', id: {} },
  deep,
]

/** The call with junk in place of its id, its query, its payload or one field of it, or with a field left out. */
function* spoilt(call: ExampleCall, turn: number): Generator<WireCall> {
  const { method, uri, id, query, data } = call
  const names = isRecord(data) ? Object.keys(data) : []
  for (const [index, value] of junk.entries()) {
    // A part of the junk in each turn, so that the test stays short: together they see all.
    if ((index + turn) % 8 !== 0) continue
    yield { method, uri, id: value, query, data }
    yield { method, uri, id, query: value, data }
    yield { method, uri, id, query, data: value }
    for (const name of names) yield { method, uri, id, query, data: { ...(data as object), [name]: value } }
  }
  if (!isRecord(data)) return
  for (const left of Object.keys(data)) {
    const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== left))
    yield { method, uri, id, query, data: rest }
  }
  yield { method, uri, data }
  yield { method, uri, id, data: { ...data, colour: 'red', limit: -1, attributes: [{}], tasks: [5] } }
}

/** The same operation for each type is spoilt with one type in three per role; the walk of a role begins elsewhere. */
function someOf(calls: readonly ExampleCall[], start: number): readonly ExampleCall[] {
  return calls.filter(({ type }, index) => type === undefined || index % roles.length === start)
}

it.each(roles.map((role, index) => [role, index] as const))(
  'from %s',
  async (role, index) => {
    const { ours } = tenants
    const calls = someOf(exampleCalls(ours), index)
    for (const [turn, call] of calls.entries()) {
      for (const bad of spoilt(call, turn + index)) {
        const { status, body, type } = await tenants.send(ours, role, bad)
        const what = `${JSON.stringify(bad).slice(0, 500)}: ${status} ${JSON.stringify(body).slice(0, 1000)}`
        expect(type, what).toBe('application/json; charset=utf-8')
        expect([200, 400, 401, 403, 404, 405, 409, 413, 414, 429, 503], what).toContain(status)
        if (status === 200) expect('result' in body || 'success' in body || 'report' in body, what).toBe(true)
        else expect(body, what).toEqual(expect.objectContaining({ message: expect.any(String) as string }))
        expect(JSON.stringify(body), what).not.toMatch(/\bat .+\.(ts|js):\d+|SQLITE|node_modules/)
      }
    }
  },
  60_000,
)
