import { newId } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSqlite, type TestDatabase } from '../../store/testing.js'
import { createTestServer, insertJob, insertTask, type Member, type TestServer, testNow } from '../testing.js'

let database: TestDatabase
let server: TestServer
let lisa: Member
let tom: Member
let volume: string
let folder: string
let job: string
let task: string

beforeEach(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'employee')
  tom = await server.member('tom@example.com', 'standard')
  const { db, id: workspace } = server.workspace
  volume = (await db.selectFrom('share').select('id').executeTakeFirstOrThrow()).id
  folder = newId(testNow)
  const { code: _, ...rest } = await db.selectFrom('share').selectAll().executeTakeFirstOrThrow()
  const own = { id: folder, code: 'dailies', kind: 'folder' as const, parent: volume, path: 'dailies' }
  await db
    .insertInto('share')
    .values({ ...rest, ...own, is_default: 0, paths: null })
    .execute()
  const grant = { entity: `user:${lisa.id}`, target: `share:${folder}`, read: true, write: true }
  await server.result('POST', 'acl/create', { data: grant })
  job = await insertJob(server, { user: tom.id })
  const party = JSON.stringify({ v: volume, s: folder, path: 'a' })
  task = await insertTask(server, job, 0, { source: party })
  expect(workspace).toBe(server.workspace.id)
})
afterEach(async () => {
  await database.drop()
})

const name = 'transfer_exclude'
interface Where {
  readonly id?: string
  readonly as?: Member
}
async function get(data: object, { id, as }: Where = {}): Promise<unknown> {
  return await server.result('GET', 'setting', { ...(id && { id }), ...(as && { as }), data })
}
async function put(data: object, { id, as }: Where = {}): Promise<readonly [number, unknown]> {
  const { status, body } = await server.send('PUT', 'setting', { ...(id && { id }), ...(as && { as }), data })
  return [status, body.message ?? body.result]
}
const setAt = async (value: string, id: string | undefined, entitytype: string | null) =>
  expect(await put({ entitytype, name, value }, id === undefined ? {} : { id })).toEqual([200, true])

describe('a setting', () => {
  it('is inherited: workspace, volume, share, queue, job, task', async () => {
    const of = async () => [
      await get({ entitytype: 'task', name }, { id: task }),
      await get({ entitytype: 'transfer', name }, { id: job }),
      await get({ share: 'dailies', name }),
    ]
    expect(await of()).toEqual(['', '', ''])
    await setAt('w', undefined, null)
    expect(await of()).toEqual(['w', 'w', 'w'])
    await setAt('v', volume, 'volume')
    expect(await of()).toEqual(['v', 'w', 'v'])
    await setAt('s', folder, 'share')
    expect(await of()).toEqual(['s', 'w', 's'])
    await setAt('q', server.queues.get('medium'), 'job')
    expect(await of()).toEqual(['q', 'q', 's'])
    await setAt('j', job, 'transfer')
    expect(await of()).toEqual(['j', 'j', 's'])
    await setAt('t', task, 'task')
    expect(await of()).toEqual(['t', 'j', 's'])
    expect(await get({ entitytype: 'transfer', name, upstream: false }, { id: job })).toBe('j')
  })

  it('that nobody set is its default, or null where defaults are left out', async () => {
    expect(await get({ name: 'transfer_mode' })).toBe('copy')
    expect(await get({ name: 'transfer_mode', omit_defaults: true })).toBeNull()
    expect(await get({ name: 'somebody_elses' })).toBeNull()
    expect(await get({ omit_defaults: true })).toEqual({})
    await put({ name: 'somebody_elses', value: 'kept' })
    expect(await get({ omit_defaults: true })).toEqual({ somebody_elses: 'kept' })
    expect(await get({})).toMatchObject({ somebody_elses: 'kept', transfer_mode: 'copy' })
  })

  it('of a share is named by id, code, or either with its kind', async () => {
    await setAt('s', folder, 'folder')
    for (const share of [folder, 'dailies', 'DAILIES', `share:${folder}`, 'folder=dailies']) {
      expect(await get({ share, name })).toBe('s')
    }
    const { body } = await server.send('GET', 'setting', { data: { share: 'nothing', name } })
    const hidden = await server.send('GET', 'setting', { as: tom, data: { share: 'dailies', name } })
    expect([body.message, hidden.body.message]).toEqual([
      'There is no share "nothing"',
      'There is no share "dailies"',
    ])
  })

  it('is set with others, all or none, and taken back with null', async () => {
    const data = { transfer_mode: 'onewaysync', job_max_retries: 3, other: true }
    expect(await put({ data })).toEqual([200, true])
    expect(await get({ omit_defaults: true })).toEqual({
      transfer_mode: 'onewaysync',
      job_max_retries: '3',
      other: 'true',
    })
    const [status] = await put({ data: { transfer_mode: 'copy', job_max_retries: 'many' } })
    expect(status).toBe(400)
    expect(await get({ name: 'transfer_mode' })).toBe('onewaysync')
    expect(await put({ data: { transfer_mode: null, other: 'x' } })).toEqual([200, true])
    expect(await get({ omit_defaults: true })).toEqual({ job_max_retries: '3', other: 'x' })
  })

  it('of what lies below is shown, and gives way, where that is asked for', async () => {
    await setAt('j', job, 'transfer')
    await setAt('t', task, 'task')
    await setAt('s', folder, 'folder')
    const shown = await server.send('GET', 'setting', { data: { name, recursive: true } })
    expect(shown.body.result).toBe('')
    expect(shown.body.below).toEqual(
      expect.arrayContaining([
        { entitytype: 'transfer', id: job, name, value: 'j' },
        { entitytype: 'task', id: task, name, value: 't' },
        { entitytype: 'folder', id: folder, name, value: 's' },
      ]),
    )
    const queue = server.queues.get('medium') ?? ''
    await put({ entitytype: 'queue', name, value: 'q', recursive: true }, { id: queue })
    expect(await get({ entitytype: 'task', name }, { id: task })).toBe('q')
    expect(await get({ share: folder, name })).toBe('s')
    await server.result('DELETE', 'setting', { data: { name, recursive: true } })
    expect(await get({ share: folder, name })).toBe('')
    expect(await get({ entitytype: 'task', name }, { id: task })).toBe('')
  })
})

describe('bad input', () => {
  it.each([
    [{ name: 'transfer_mode', value: 'sideways' }, 400],
    [{ name, value: "re('(a')" }, 400],
    [{ name, value: "re('(?<=a)b')" }, 400],
    [{ name, value: null }, 400],
    [{ name, value: ['a'] }, 400],
    [{ name, value: {} }, 400],
    [{ name: 'a b', value: '1' }, 400],
    [{ name: 7, value: '1' }, 400],
    [{ value: '1' }, 400],
    [{ data: 'x' }, 400],
    [{ data: [1] }, 400],
    [{ data: {} }, 400],
    [{ data: { transfer_mode: { a: 1 } } }, 400],
    [{ data: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`n${i}`, '1'])) }, 400],
    [{ entitytype: 'elephant', name, value: '1' }, 400],
    [{ entitytype: 'client', name, value: '1' }, 400],
    [{ entitytype: 'task', name, value: '1' }, 400],
    [{ name, value: '1', integration: 'ftrack' }, 404],
  ])('%j is refused', async (data, status) => {
    const [got, message] = await put(data)
    expect([got, typeof message]).toEqual([status, 'string'])
    expect(await server.workspace.db.selectFrom('setting').selectAll().execute()).toEqual([])
  })

  it.each(['GET', 'PUT', 'DELETE'] as const)('%s of what is not there', async (method) => {
    for (const entitytype of ['transfer', 'queue', 'folder', 'task', 'user', 'site']) {
      const id = entitytype === 'task' ? '00000000-0000-4000-8000-000000000000' : 'a'.repeat(24)
      const { status } = await server.send(method, 'setting', { id, data: { entitytype, name, value: '1' } })
      expect([entitytype, status]).toEqual([entitytype, 404])
    }
    const unknown = await server.send(method, 'setting', { data: { name, value: '1', integration: 'x' } })
    expect(unknown.body.message).toBe('There is no integration "x"')
  })
})

describe('rights', () => {
  const give = async (as: Member, entitytype: string | null, id: string | undefined, more: object = {}) =>
    (await put({ entitytype, name, value: 'x', ...more }, { as, ...(id && { id }) }))[0]

  it('of employees: jobs, and shares that they may write', async () => {
    expect(await give(lisa, 'transfer', job)).toBe(200)
    expect(await give(lisa, 'task', task)).toBe(200)
    expect(await give(lisa, 'folder', folder)).toBe(200)
    expect(await give(lisa, null, undefined)).toBe(403)
    expect(await give(lisa, 'queue', server.queues.get('medium'))).toBe(403)
    expect(await give(lisa, 'volume', volume)).toBeGreaterThanOrEqual(403)
    expect(await give(lisa, 'folder', folder, { recursive: true })).toBe(403)
    expect(await give(lisa, 'transfer', job, { name: 'transfer_speedlimit', value: '-1' })).toBe(200)
  })

  it('of standard users: jobs of theirs, and nothing that loosens what is in force', async () => {
    const other = await insertJob(server)
    expect(await give(tom, 'transfer', job)).toBe(200)
    expect(await give(tom, 'task', task)).toBe(200)
    expect(await give(tom, 'transfer', other)).toBe(404)
    expect(await give(tom, 'folder', folder)).toBe(404)
    expect(await give(tom, null, undefined)).toBe(403)
    await put({ name: 'transfer_speedlimit', value: '10' })
    const speed = async (value: string) =>
      await give(tom, 'transfer', job, { name: 'transfer_speedlimit', value })
    expect(await Promise.all(['5', '10', '11', '-1', '0'].map(speed))).toEqual([200, 200, 403, 403, 403])
    await put({ name: 'transfer_encryption', value: 'aes256' })
    const weak = { name: 'transfer_encryption', value: 'aes128' }
    expect(await give(tom, 'transfer', job, weak)).toBe(403)
    expect(await give(tom, 'task', task, { name: 'task_bucketsize', value: '1' })).toBe(403)
  })

  it('of standard users to read: what acts on them, not what others keep there', async () => {
    await put({ data: { ftrack_token: 'secret', transfer_mode: 'onewaysync' } })
    await put({ entitytype: 'transfer', name: 'mine', value: 'too' }, { id: job })
    const seen = await get({ entitytype: 'transfer', omit_defaults: true }, { as: tom, id: job })
    expect(seen).toEqual({ transfer_mode: 'onewaysync', mine: 'too' })
    expect(await get({ omit_defaults: true }, { as: tom })).toEqual({ transfer_mode: 'onewaysync' })
    const queue = await server.send('GET', 'setting', {
      as: tom,
      id: server.queues.get('medium') ?? '',
      data: { entitytype: 'queue', name },
    })
    expect(queue.status).toBe(404)
    const below = await server.send('GET', 'setting', { as: tom, data: { recursive: true } })
    expect(below.body.below).toEqual([])
  })

  it('are told to the audit log, and to jobs', async () => {
    await put({ entitytype: 'transfer', data: { transfer_mode: 'copy', their_key: 'abc' } }, { id: job })
    await server.result('DELETE', 'setting', { id: job, data: { entitytype: 'transfer', name: 'their_key' } })
    const lines = await server.workspace.db
      .selectFrom('audit')
      .select(['change', 'entity', 'details', 'email'])
      .where('change', 'like', 'setting%')
      .execute()
    expect(lines.map(({ change }) => change)).toEqual(['setting changed', 'setting removed'])
    expect(lines[0]).toMatchObject({ entity: job, email: server.admin.email })
    expect(lines[0]?.details).toContain('transfer_mode')
    expect(lines[0]?.details).not.toContain('abc')
    expect(server.jobs.told).toContain(`touched transfer ${job}`)
  })
})

it('many at a time do not lose each other', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`)
  await Promise.all(names.map((each) => put({ entitytype: 'transfer', name: each, value: '1' }, { id: job })))
  const own = await get({ entitytype: 'transfer', omit_defaults: true }, { id: job })
  expect(Object.keys(own as object)).toHaveLength(20)
})

it('none outlives what it is of', async () => {
  await setAt('s', folder, 'folder')
  await server.result('DELETE', 'folder/delete', { id: folder })
  expect(await server.workspace.db.selectFrom('setting').selectAll().execute()).toEqual([])
})
