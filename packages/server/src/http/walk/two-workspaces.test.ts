import { roles } from '@waybill/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ExampleCall, exampleCalls } from './examples.js'
import { contentsOf, createTenants, type Tenants } from './tenants.js'

// Whoever calls with ids of another workspace learns nothing of it and changes nothing in it, in any call.

let tenants: Tenants

beforeAll(async () => {
  tenants = await createTenants()
})
afterAll(async () => {
  await tenants.close()
})

/** Every example with their ids, with theirs as the id alone, and with theirs in the payload alone. */
function foreignCalls(): readonly ExampleCall[] {
  const mine = exampleCalls(tenants.ours)
  return exampleCalls(tenants.theirs).flatMap((foreign, index) => {
    const own = mine[index]
    const mixable = own !== undefined && JSON.stringify(own.data) !== JSON.stringify(foreign.data)
    return mixable && own.id !== undefined
      ? [foreign, { ...own, id: foreign.id }, { ...foreign, id: own.id }]
      : [foreign]
  })
}

it.each(roles)('whoever calls: %s', async (role) => {
  const { ours, theirs } = tenants
  const before = await contentsOf(theirs.store)
  const secrets = Object.values(theirs.ids)
  for (const call of foreignCalls()) {
    const { method, uri, id, query, data } = call
    const asked = JSON.stringify({ id, query, data })
    const { status, body } = await tenants.send(ours, role, { method, uri, id, query, data })
    const answer = JSON.stringify(body)
    const what = `${method} ${uri} ${asked}: ${status} ${answer}`
    expect(status, what).not.toBe(500)
    expect(answer.toLowerCase(), what).not.toContain('zebra')
    const told = secrets.filter((secret) => answer.includes(secret) && !asked.includes(secret))
    expect(told, what).toEqual([])
  }
  const after = await contentsOf(theirs.store)
  for (const [table, rows] of after) expect(rows, table).toBe(before.get(table))
})

it('finds nothing of others, whatever is asked for', async () => {
  const { ours, theirs } = tenants
  for (const role of roles) {
    for (const type of Object.keys(theirs.ids)) {
      for (const query of ['code=*zebra*', 'name contains zebra', `id=${theirs.ids.volume}`]) {
        const whole = type === 'acl' ? `acl where ${query}` : query
        const { body } = await tenants.send(ours, role, { method: 'GET', uri: `${type}/find`, query: whole })
        expect(JSON.stringify(body.result ?? [])).not.toMatch(/zebra/i)
      }
    }
  }
})
