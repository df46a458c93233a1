import { type EntityType, entities, entityTypes, type Role, roles } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTenants, type Tenants } from './tenants.js'

// For every type, role and attribute: what `attributes` says is what find returns and what create and edit take.

let tenants: Tenants

beforeAll(async () => {
  tenants = await createTenants()
})
afterAll(async () => {
  await tenants.close()
})

const cases = entityTypes.flatMap((type) => roles.map((role) => [type, role] as const))

async function said(role: Role, type: EntityType, data: object = {}): Promise<string[] | undefined> {
  const call = { method: 'GET', uri: 'attributes', data: { entitytype: type, ...data } } as const
  const { body } = await tenants.send(tenants.ours, role, call)
  return Array.isArray(body.result) ? body.result.map(String) : undefined
}

/** Entities of a type that the role finds, tasks and files in the job and collection that they are in. */
async function found(role: Role, type: EntityType, data: object = {}) {
  const { ours } = tenants
  const parent = type === 'task' ? ours.ids.transfer : type === 'file' ? ours.ids.collection : undefined
  const call = { method: 'GET', uri: `${type}/find`, data: { parent, ...data } } as const
  return await tenants.send(ours, role, call)
}

describe.each(cases)('%s for %s', (type, role) => {
  it('shows every attribute that may be read, and no other', async () => {
    const names = await said(role, type)
    expect(names === undefined).toBe(!entities[type].visible.includes(role))
    const { status, body } = await found(role, type)
    if (names === undefined) {
      expect(status === 200 ? body.result : []).toEqual([])
      return
    }
    if (status === 404) return
    expect(status, JSON.stringify(body)).toBe(200)
    for (const entity of body.result as Record<string, unknown>[]) {
      expect(Object.keys(entity).sort()).toEqual([...names].sort())
      expect(Object.values(entity)).not.toContain(undefined)
    }
  })

  it('narrows to what is chosen, and refuses what may not be read', async () => {
    const names = await said(role, type)
    if (names === undefined) return
    const chosen = names.filter((_, index) => index % 2 === 0)
    const { status, body } = await found(role, type, { attributes: chosen })
    if (status === 404) return
    for (const entity of body.result as object[]) expect(Object.keys(entity).sort()).toEqual(chosen.sort())
    for (const [name, { onRequest }] of Object.entries(entities[type].attributes)) {
      if (names.includes(name) || onRequest === true) continue
      const refused = await found(role, type, { attributes: [name] })
      expect(refused.body.code, name).toBe('unknown_attribute')
    }
  })

  it.each(['create', 'update'] as const)('takes what may be given: %s', async (operation) => {
    const { ours } = tenants
    const names = (await said(role, type, { [operation]: true })) ?? []
    const method = operation === 'create' ? ('POST' as const) : ('PUT' as const)
    const uri = `${type}/${operation === 'create' ? 'create' : 'edit'}`
    for (const name of Object.keys(entities[type].attributes)) {
      // Nothing is of this kind, so that what may be given is refused for its value, if at all.
      const attribute = { [name]: { '\u0000': 1 } }
      const data =
        type === 'task' ? (operation === 'create' ? undefined : [{ uri: '0', ...attribute }]) : attribute
      if (data === undefined) continue
      const id = type === 'task' ? ours.ids.transfer : operation === 'update' ? ours.ids[type] : undefined
      const { status, body } = await tenants.send(ours, role, { method, uri, id, data })
      const what = `${name}: ${status} ${JSON.stringify(body)}`
      // What is beyond the role, or cannot be done at all, is refused before anything is read.
      if ([403, 404, 405].includes(status)) continue
      const refused = body.code === 'unknown_attribute'
      const isName = type === 'task' && (name === 'id' || name === 'uri')
      if (!isName) expect(refused, what).toBe(!names.includes(name))
    }
  })
})

it('of a delivery, a request and a stream are those that clients know', async () => {
  for (const role of roles) {
    for (const type of ['delivery', 'request', 'stream'] as const) {
      expect((await said(role, type))?.sort()).toEqual(
        [
          ...['id', 'code', 'name', 'status', 'public', 'user', 'user_hr', 'created', 'creator', 'modified'],
          ...['modifier', 'parent', 'size', 'metadata', 'expires'],
        ].sort(),
      )
      expect((await found(role, type)).body).toEqual({ result: [] })
    }
  }
})

it('code is for everybody, and modified starts as created', async () => {
  for (const [type, role] of cases) {
    const names = await said(role, type)
    if (names === undefined || !Object.hasOwn(entities[type].attributes, 'code')) continue
    expect(names).toContain('code')
  }
  const { body } = await tenants.send(tenants.ours, 'admin', {
    method: 'POST',
    uri: 'site/create',
    data: { code: 'fresh' },
  })
  const [site] = body.result as Record<string, unknown>[]
  expect(site).toMatchObject({ modified: site?.created, modifier: site?.creator, metadata: {} })
})

it('entitytypes are those that the role may see', async () => {
  for (const role of roles) {
    const { body } = await tenants.send(tenants.ours, role, { method: 'GET', uri: 'entitytypes' })
    expect(body.result).toEqual(entityTypes.filter((type) => entities[type].visible.includes(role)))
  }
})
