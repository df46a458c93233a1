import { randomUUID } from 'node:crypto'
import type { Method } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { type Answered, createTestServer, headersOf, send, type TestServer } from '../testing.js'
import { createTenants, type Tenants } from './tenants.js'

// Many calls at the same time, in one process and in two that share a database.

let tenants: Tenants
let database: TestDatabase
let one: TestServer
let two: TestServer

beforeAll(async () => {
  tenants = await createTenants()
  database = await createSqlite()
  one = await createTestServer(database.store)
  two = await createTestServer(await database.reopen())
})
afterAll(async () => {
  await tenants.close()
  await one.app.close()
  await two.app.close()
  await database.drop()
})

/** To one process and the other by turns, with the key of the first. */
async function everywhere(count: number, call: (index: number) => Call): Promise<Answered[]> {
  const sent = Array.from({ length: count }, async (_, index) => {
    const { method, ...event } = call(index)
    const { app } = index % 2 === 0 ? one : two
    return await send(app, method, '/api/v3/event', { eid: randomUUID(), ...event }, headersOf(one.admin))
  })
  return await Promise.all(sent)
}

interface Call {
  readonly method: Method
  readonly uri: string
  readonly id?: string
  readonly data?: object
}

const codes = (answers: readonly Answered[]) =>
  answers.map(({ status, body }) => (status === 200 ? 200 : body.code))

/** Of the entity that was answered. */
function idOf(answer: Answered | undefined): string {
  const [entity] = (answer?.body.result ?? []) as { id: string }[]
  return entity?.id ?? ''
}

describe('a code', () => {
  it.each([
    ['site', { code: 'bergen' }],
    ['user', { code: 'new@example.com', role: 'standard', mail: false }],
    ['volume', { code: 'tank', path: '/srv/tank' }],
  ])('is taken once, however many ask for it at once: %s', async (type, data) => {
    const answers = await everywhere(8, () => ({ method: 'POST', uri: `${type}/create`, data }))
    expect(codes(answers).sort()).toEqual([200, ...Array<string>(7).fill('duplicate')])
    for (const { body } of answers) expect(JSON.stringify(body)).not.toMatch(/constraint|sqlite/i)
  })

  it('of a queue, folder, home and collection, too', async () => {
    const { ours } = tenants
    const { user, volume } = ours.ids
    const each = [
      ['queue', { code: 'morning' }],
      ['folder', { code: 'shots', parent: volume, path: 'shots' }],
      ['collection', { code: 'best', files: [] }],
    ] as const
    for (const [type, data] of each) {
      const call = { method: 'POST', uri: `${type}/create`, data } as const
      const answers = await Promise.all(Array.from({ length: 6 }, () => tenants.send(ours, 'admin', call)))
      expect(codes(answers).sort(), type).toEqual([200, ...Array<string>(5).fill('duplicate')])
    }
    const home = { user, parent: volume, path: 'homes/second' }
    const again = await tenants.send(ours, 'admin', { method: 'POST', uri: 'home/create', data: home })
    expect(again.status).toBe(409)
  })

  it('is changed to by one', async () => {
    const made = await everywhere(4, (index) => ({
      method: 'POST',
      uri: 'site/create',
      data: { code: `place-${index}` },
    }))
    const ids = made.map(idOf)
    const answers = await everywhere(4, (index) => ({
      method: 'PUT',
      uri: 'site/edit',
      id: ids[index] ?? '',
      data: { code: 'the-place' },
    }))
    expect(codes(answers).sort()).toEqual([200, 'duplicate', 'duplicate', 'duplicate'])
  })
})

describe('an edit', () => {
  const edits = [
    { name: 'New name' },
    { description: 'new words' },
    { metadata: { artist: 'malcolm' } },
    { status: 'disabled' },
  ]

  it('changes what it names and loses nothing of another', async () => {
    const [made] = await everywhere(1, () => ({
      method: 'POST',
      uri: 'site/create',
      data: { code: 'shared' },
    }))
    const id = idOf(made)
    const all = [...edits, ...edits]
    const answers = await everywhere(all.length, (index) => ({
      method: 'PUT',
      uri: 'site/edit',
      id,
      data: all[index] ?? {},
    }))
    expect(codes(answers)).toEqual(all.map(() => 200))
    const [site] = (await one.result('GET', 'site/find', { id })) as object[]
    expect(site).toMatchObject({ code: 'shared', ...(Object.assign({}, ...edits) as object) })
  })

  it.each(['volume', 'folder', 'collection', 'user', 'transfer', 'queue', 'home'] as const)(
    'of a %s likewise; metadata is replaced whole',
    async (type) => {
      const { ours } = tenants
      const id = ours.ids[type]
      const edit = async (data: object) =>
        await tenants.send(ours, 'admin', { method: 'PUT', uri: `${type}/edit`, id, data })
      expect((await edit({ metadata: { old: 1 } })).status).toBe(200)
      const changes = edits.slice(0, 3)
      const answers = await Promise.all([...changes, ...changes].map(edit))
      expect(codes(answers)).toEqual(answers.map(() => 200))
      const { body } = await tenants.send(ours, 'admin', { method: 'GET', uri: `${type}/find`, id })
      expect((body.result as object[])[0]).toMatchObject(Object.assign({}, ...changes) as object)
      expect((body.result as { metadata: object }[])[0]?.metadata).toEqual({ artist: 'malcolm' })
    },
  )
})

describe('a default', () => {
  it('is exactly one, however many are made it at once', async () => {
    const { ours } = tenants
    for (const [type, data] of [
      ['queue', {}],
      ['volume', { path: '/srv/x' }],
    ] as const) {
      const calls = Array.from({ length: 5 }, (_, index) => ({
        method: 'POST' as const,
        uri: `${type}/create`,
        data: { code: `first-${type}-${index}`, default: true, ...data },
      }))
      const answers = await Promise.all(calls.map((call) => tenants.send(ours, 'admin', call)))
      expect(codes(answers)).toEqual(calls.map(() => 200))
      const find = { method: 'GET', uri: `${type}/find`, query: 'default=true' } as const
      expect((await tenants.send(ours, 'admin', find)).body.result).toHaveLength(1)
    }
  })
})

it('no job is left on a volume that is deleted while jobs are made', async () => {
  const { ours } = tenants
  const make = async (uri: string, data: object) =>
    await tenants.send(ours, 'admin', { method: 'POST', uri, data })
  const server = ours.ids.server
  for (let round = 0; round < 4; round += 1) {
    const code = `doomed-${round}`
    const volume = idOf(await make('volume/create', { code, path: `/srv/${code}`, server }))
    const creations = Array.from({ length: 6 }, (_, index) => {
      const name = `take-${index}.mov`
      return make('transfer/create', {
        source: `volume=${code}/${name}`,
        destination: `/tmp/${code}/${name}`,
      })
    })
    const remove = { method: 'DELETE', uri: 'volume/delete', id: volume } as const
    const [gone, ...made] = await Promise.all([tenants.send(ours, 'admin', remove), ...creations])
    expect(gone.status).toBe(200)
    expect(codes(made).filter((code) => code !== 200 && code !== 'not_found')).toEqual([])
    const live = await ours.store.db
      .selectFrom('job')
      .select(['id', 'status'])
      .where('population', '=', 'live')
      .where('shares', 'like', `%"${volume}"%`)
      .execute()
    expect(live).toEqual([])
  }
})

it('what is deleted twice at once is deleted once', async () => {
  const [made] = await everywhere(1, () => ({ method: 'POST', uri: 'site/create', data: { code: 'brief' } }))
  const id = idOf(made)
  const answers = await everywhere(6, () => ({ method: 'DELETE', uri: 'site/delete', id }))
  const kinds = new Set(codes(answers))
  expect(kinds.has(200)).toBe(true)
  expect([...kinds].filter((kind) => kind !== 200 && kind !== 'not_found')).toEqual([])
  expect(await one.result('GET', 'site/find', { id })).toEqual([])
})
