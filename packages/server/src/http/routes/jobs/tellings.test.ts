import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../../../store/testing.js'
import {
  createTestServer,
  insertClient,
  insertJob,
  type Member,
  type TestServer,
  testNow,
} from '../../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
let client: string
let volume: string
let jobs: string[]

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  client = await insertClient(server, lisa.id, { metrics: JSON.stringify({ load: 0.5 }) })
  const { db } = server.workspace
  volume = (await db.selectFrom('share').select('id').executeTakeFirstOrThrow()).id
  const shares = JSON.stringify([volume])
  jobs = [
    await insertJob(server, { size: 10, transferred: 5, shares, status: 'running' }),
    await insertJob(server, { size: 1, user: lisa.id, source_client: client, created: testNow - 10_000_000 }),
    await insertJob(server, { destination_type: 'user', destination_id: lisa.id }),
  ]
  for (const [index, job] of jobs.entries()) {
    const entry = { workspace: server.workspace.id, task: null, code: null, created: testNow }
    const message = `entry ${index}`
    await db
      .insertInto('log')
      .values({ ...entry, id: newId(testNow), job, level: 'info', message })
      .execute()
  }
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const metrics = (type: string, id?: string, data: object = {}) =>
  server.result('GET', `${type}/metrics`, { ...(id === undefined ? {} : { id }), data })

describe('metrics', () => {
  it('count the transfers of what has some', async () => {
    expect(await metrics('workspace')).toMatchObject({
      status: 'enabled',
      jobs: 3,
      by_status: { running: 1, waiting: 2 },
      size: 11,
      transferred: 5,
    })
    expect(await metrics('queue', server.queues.get('medium'))).toMatchObject({ jobs: 3 })
    expect(await metrics('user', lisa.id)).toMatchObject({ jobs: 2, size: 1 })
    expect(await metrics('volume', volume)).toMatchObject({ jobs: 1, by_status: { running: 1 } })
    expect(await metrics('client', client)).toMatchObject({ jobs: 1, load: { load: 0.5 } })
    expect(await metrics('site', (await sites())[0])).toMatchObject({ jobs: 0, by_status: {} })
  })

  it('are of a time, and some of them, where that is asked for', async () => {
    expect(await metrics('workspace', undefined, { time: 3600, attributes: ['jobs'] })).toEqual({ jobs: 2 })
    expect(await metrics('workspace', undefined, { time: '2026-01-01' })).toMatchObject({ jobs: 3 })
    for (const data of [
      { time: 'long ago' },
      { time: {} },
      { attributes: ['colour'] },
      { attributes: [5] },
    ]) {
      expect((await server.send('GET', 'workspace/metrics', { data })).status).toBe(400)
    }
  })

  it('show a user no more than the own transfers', async () => {
    expect(await server.result('GET', 'client/metrics', { as: lisa, id: client })).toMatchObject({ jobs: 1 })
    expect((await server.send('GET', 'workspace/metrics', { as: lisa })).status).toBe(404)
    const hidden = await server.send('GET', 'volume/metrics', { as: lisa, id: volume })
    expect(hidden.status).toBe(404)
  })

  it.each(['acl', 'task', 'delivery'])('are none of a kind without transfers: %s', async (type) => {
    const { status, body } = await server.send('GET', `${type}/metrics`, { id: jobs[0] ?? '' })
    expect([status, body.message]).toEqual([400, `There is nothing to report of a ${type}`])
  })
})

it('a report says them in words', async () => {
  const { body } = await server.send('GET', 'user/report', { id: lisa.id })
  expect(body.report).toBe('status: enabled\njobs: 2\nby_status: {"waiting":2}\nsize: 1\ntransferred: 0')
})

it('the log of no job in particular is the latest of all that one sees', async () => {
  const log = async (as: Member, data: object = {}) =>
    (await server.result('GET', 'transfer/log', { as, data })) as { message: string; job: string }[]
  expect((await log(server.admin)).map(({ message }) => message)).toEqual(['entry 2', 'entry 1', 'entry 0'])
  expect((await log(lisa)).map(({ job }) => job)).toEqual([jobs[2], jobs[1]])
  expect(await log(server.admin, { limit: 1, skip: 1 })).toMatchObject([{ message: 'entry 1' }])
})

async function sites(): Promise<string[]> {
  const rows = await server.workspace.db.selectFrom('site').select('id').execute()
  return rows.map(({ id }) => id)
}
