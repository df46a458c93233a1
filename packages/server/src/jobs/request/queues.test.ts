import type { Role } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTenants, type Tenants, type WireCall } from '../../http/walk/tenants.js'

let tenants: Tenants
let queue: string

beforeAll(async () => {
  tenants = await createTenants()
})
afterAll(async () => {
  await tenants.close()
})
beforeEach(async () => {
  queue = await make({ name: `q ${Math.random()}` })
})

async function send(call: WireCall, role: Role = 'admin') {
  const { status, body } = await tenants.send(tenants.ours, role, call)
  return { status, body, result: body.result as Record<string, unknown>[] }
}

async function make(data: object): Promise<string> {
  const { body, result } = await send({ method: 'POST', uri: 'queue/create', data })
  if (!Array.isArray(result)) throw new Error(JSON.stringify(body))
  return String(result[0]?.id)
}

const edit = (id: string, data: object, role?: Role) =>
  send({ method: 'PUT', uri: 'queue/edit', id, data }, role)
const move = (id: string | undefined, data: object, role?: Role) =>
  send({ method: 'PUT', uri: 'transfer/edit', id, data }, role)
const remove = (id: string) => send({ method: 'DELETE', uri: 'queue/delete', id })
const find = async (query: string) =>
  (await send({ method: 'GET', uri: 'queue/find', query })).result.map(({ id }) => String(id))

async function transfer(name: string, into: string = queue): Promise<string> {
  const data = {
    source: `volume=tank/${name}`,
    destination: `/tmp/${name}`,
    queue: into,
    status: 'paused',
    name,
  }
  const { result, body } = await send({ method: 'POST', uri: 'transfer/create', data })
  if (!Array.isArray(result)) throw new Error(JSON.stringify(body))
  return String(result[0]?.id)
}

async function order(of: string = queue): Promise<string[]> {
  const { result } = await send({
    method: 'GET',
    uri: 'transfer/find',
    query: `parent=${of}`,
    data: { attributes: ['id', 'name', 'position'] },
  })
  const number = (value: unknown): number => Number(value)
  return result
    .toSorted((a, b) => number(a.position) - number(b.position) || (String(a.id) < String(b.id) ? -1 : 1))
    .map(({ name }) => String(name))
}

describe('a job', () => {
  it('moves within its queue', async () => {
    const [a, b, c] = [await transfer('a'), await transfer('b'), await transfer('c')]
    expect(await order()).toEqual(['a', 'b', 'c'])
    await move(c, { index: 0 })
    expect(await order()).toEqual(['c', 'a', 'b'])
    await move(a, { index: -1 })
    expect(await order()).toEqual(['c', 'b', 'a'])
    await move(a, { before: b })
    expect(await order()).toEqual(['c', 'a', 'b'])
    await move(c, { index: 1 })
    expect(await order()).toEqual(['a', 'c', 'b'])
    await move(c, { index: 99 })
    expect(await order()).toEqual(['a', 'b', 'c'])
  })

  it('moves into another queue, as its last or to a place there', async () => {
    const other = await make({ code: 'other' })
    const [a, b] = [await transfer('a', other), await transfer('b'), await transfer('c', other)]
    await move(b, { queue: 'other' })
    expect(await order(other)).toEqual(['a', 'c', 'b'])
    await move(b, { queue })
    expect(await order(other)).toEqual(['a', 'c'])
    expect((await move(b, { before: a })).status).toBe(404)
    await move(b, { queue: other, before: a })
    expect(await order(other)).toEqual(['b', 'a', 'c'])
  })

  it('keeps every order that it is brought into', async () => {
    const names = ['a', 'b', 'c', 'd']
    const ids = new Map<string, string>()
    for (const name of names) ids.set(name, await transfer(name))
    let expected = names
    const step = fc.record({ name: fc.constantFrom(...names), index: fc.integer({ min: 0, max: 3 }) })
    for (const { name, index } of fc.sample(step, { numRuns: 60, seed: 7 })) {
      await move(ids.get(name), { index })
      const rest = expected.filter((other) => other !== name)
      expected = [...rest.slice(0, index), name, ...rest.slice(index)]
      expect(await order()).toEqual(expected)
    }
  })

  it.each([[{ index: -2 }], [{ index: 'first' }], [{ index: 0, before: 'x' }], [{ before: '../x' }]])(
    'is not moved to nowhere: %j',
    async (data) => {
      const { status } = await move(await transfer('a'), data)
      expect([400, 404]).toContain(status)
    },
  )

  it('is moved by operators', async () => {
    const id = await transfer('a')
    expect((await move(id, { index: 0 }, 'employee')).status).toBe(200)
    expect((await move(id, { index: 0 }, 'standard')).status).toBe(404)
  })
})

describe('a queue', () => {
  it('has a code of its own', async () => {
    await make({ code: 'night-shift' })
    for (const data of [{ code: 'Night-Shift' }, { name: 'night shift' }]) {
      const { status, body } = await send({ method: 'POST', uri: 'queue/create', data })
      expect([status, body.code]).toEqual([409, 'duplicate'])
    }
    expect((await edit(queue, { code: 'high' })).status).toBe(409)
  })

  it('leaves its jobs to the default one when it is deleted, and its queues to the one above', async () => {
    const inner = await make({ name: `inner ${queue}`, parent: queue })
    const id = await transfer('left')
    const [medium] = await find('code=medium')
    expect((await remove(queue)).status).toBe(200)
    const [job] = (await send({ method: 'GET', uri: 'transfer/find', id })).result
    expect(job).toMatchObject({ parent: medium, queue: 'medium' })
    expect((await send({ method: 'GET', uri: 'queue/find', id: inner })).result).toMatchObject([
      { parent: null },
    ])
  })

  it('is the default one, or one of them is', async () => {
    const [medium = ''] = await find('default=true')
    expect((await remove(medium)).status).toBe(409)
    expect((await edit(medium, { default: false })).status).toBe(409)
    expect((await edit(queue, { default: true, compute_default: true })).status).toBe(200)
    expect(await find('default=true')).toEqual([queue])
    expect(await find('compute_default=true')).toEqual([queue])
    expect((await edit(queue, { compute_default: false })).status).toBe(409)
    expect((await edit(medium, { default: true, compute_default: true })).status).toBe(200)
    expect(await find('default=true')).toEqual([medium])
  })

  it('lies beneath others, never beneath itself', async () => {
    const inner = await make({ code: `inner-${queue}`, parent: queue })
    expect((await edit(queue, { parent: inner })).status).toBe(409)
    expect((await edit(queue, { parent: queue })).status).toBe(409)
    const [outer] = (await send({ method: 'GET', uri: 'queue/find', id: queue })).result
    const [shown] = (await send({ method: 'GET', uri: 'queue/find', id: inner })).result
    expect(shown?.uri).toBe(`${String(outer?.code)}/inner-${queue}`)
    await edit(inner, { parent: null })
    expect((await edit(queue, { parent: inner })).status).toBe(200)
  })

  it.each([
    [{ priority: 1001 }],
    [{ priority: -1 }],
    [{ priority: 1.5 }],
    [{ status: 'running' }],
    [{ parent: 'x' }],
  ])('is nothing else: %j', async (data) => {
    const { status } = await edit(queue, data)
    expect([400, 404]).toContain(status)
  })

  it('is changed by admins alone', async () => {
    expect((await edit(queue, { priority: 7 }, 'employee')).status).toBe(400)
    expect((await edit(queue, { status: 'paused' }, 'employee')).status).toBe(400)
    expect((await edit(queue, { status: 'paused' }, 'standard')).status).toBe(404)
    expect((await send({ method: 'DELETE', uri: 'queue/delete', id: queue }, 'employee')).status).toBe(403)
  })
})
