import { attributeNames, type EntityType, entities, entityTypes, newId, shownAttributes } from '@waybill/api'
import type { KyselyPlugin } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createTestServer,
  insertClient,
  insertJob,
  insertTask,
  type Member,
  type TestServer,
  testNow,
} from '../../http/testing.js'
import { type TestDatabase, testDatabases } from '../../store/testing.js'
import { kindOf } from '../kinds.js'
import { type selectAll, selectPages } from './find.js'

const sample = { text: 'x', integer: '1', number: '1', boolean: 'true', date: '2026-01-01' } as const

function querySample(type: EntityType, name: string): string | undefined {
  const binding = kindOf(type).fields[name]?.binding
  if (binding === undefined) return undefined
  if (binding.kind === 'value') return `${name}=${sample[binding.type]} or ${name}!=${sample[binding.type]}`
  return binding.kind === 'json' ? `${name}.key contains x` : `${name}=x or ${name} in (hq,y)`
}

describe.each(testDatabases())('finding on $name', (kind) => {
  describe.skipIf(kind.missing)('entities', () => {
    let database: TestDatabase
    let server: TestServer
    let lisa: Member
    let erik: Member
    let job: string
    let task: string

    beforeAll(async () => {
      database = await kind.create()
      server = await createTestServer(database.store)
      lisa = await server.member('lisa@example.com', 'standard')
      erik = await server.member('erik@example.com', 'employee')
      job = await insertJob(server, {
        destination_type: 'user',
        destination_id: lisa.id,
        user: erik.id,
        tasks_total: 7,
        metadata: '{"artist":"Malcolm"}',
      })
      const source = { client: newId(), path: 'a.mov', path_abs_final: 'X:\\a.mov', v: newId() }
      task = await insertTask(server, job, 0, { source: JSON.stringify(source), time: 110239 })
      await insertTask(server, job, 1, { status: 'onhold' })
      await insertClient(server, lisa.id)
      await insertClient(server, server.admin.id, { type: 1, code: 'store-1', online: 0 })
    })
    afterAll(async () => {
      await server.app.close()
      await database.drop()
    })

    const find = async (type: string, query?: string, as = server.admin, data: object = {}) =>
      (await server.result('GET', `${type}/find`, {
        as,
        data,
        ...(query === undefined ? {} : { query }),
      })) as Record<string, unknown>[]

    it('shows a transfer with every attribute, as the reference does', async () => {
      const medium = server.queues.get('medium') ?? ''
      expect(await find('Transfer', `id=${job}`)).toEqual([
        {
          id: job,
          code: 'README.txt',
          name: 'README.txt',
          status: 'waiting',
          status_hr: '',
          status_code: '',
          source: `workspace:${server.workspace.id}`,
          source_hr: `workspace:studio(${server.workspace.id})`,
          destination: `user:${lisa.id}`,
          destination_hr: `user:lisa@example.com[standard](${lisa.id})`,
          created: '2026-01-22T08:35:59',
          started: null,
          finished: null,
          modified: '2026-01-22T08:35:59',
          modifier: null,
          user: erik.id,
          user_hr: `user:erik@example.com[employee](${erik.id})`,
          size: 0,
          transferred: 0,
          progress: 0,
          speed: -1,
          etr: '',
          uri: 'medium',
          parent: medium,
          parent_hr: `queue:medium(${medium})`,
          queue: 'medium',
          position: 0,
          priority: 500,
          metadata: { artist: 'Malcolm' },
          hooks: {},
          retries: 0,
          tasks_total: 7,
          tasks_done: 0,
          tasks_failed: 0,
          description: '',
          delivery: null,
        },
      ])
    })

    it('shows tasks with what their parties are, and keys that do not apply left out', async () => {
      const tasks = await find('task', undefined, server.admin, { parent: job })
      expect(tasks).toHaveLength(2)
      expect(tasks[0]).toMatchObject({
        id: task,
        uri: '0',
        status: 'queued',
        job,
        job_hr: `README.txt[7](${job})`,
        priority: 500,
        time: 110239,
        finished: null,
        metadata: {},
        destination: {},
      })
      expect(Object.keys(tasks[0]?.source ?? {})).toEqual(['client', 'path', 'path_abs_final', 'v'])
      expect(await find('task', `status=onhold and job.id=${job}`)).toHaveLength(1)
      expect(await find('task', 'status=onhold', server.admin, { parent: newId() })).toEqual([])
      expect((await server.send('GET', 'task/find', { data: {} })).status).toBe(400)
    })

    it.each([
      ['init', 0, 0, -1, null, { progress: 0, speed: -1, etr: '' }],
      ['running', 1000, 619, 12_345_678, 3725, { progress: 61, speed: 12.346, etr: '1:02:05' }],
      ['running', 1000, 1000, 0, 9, { progress: 99, speed: 0, etr: '0:00:09' }],
      ['done', 0, 0, -1, null, { progress: 100 }],
    ] as const)(
      'works out progress, speed and time of a job that is %s',
      async (status, size, done, speed, etr, is) => {
        const id = await insertJob(server, { status, size, transferred: done, speed, etr })
        expect((await find('transfer', `id=${id}`))[0]).toMatchObject(is)
        expect(
          await find('transfer', `id=${id} and progress=${String('progress' in is ? is.progress : 0)}`),
        ).toHaveLength(1)
        if ('speed' in is && is.speed !== 12.346) {
          expect(await find('transfer', `id=${id} and speed=${is.speed}`)).toHaveLength(1)
        }
        if ('etr' in is && is.etr !== '')
          expect(await find('transfer', `id=${id} and etr="${is.etr}"`)).toHaveLength(1)
        await server.workspace.db.deleteFrom('job').where('id', '=', id).execute()
      },
    )

    it.each(entityTypes)('selects and compares every attribute of %s', async (type) => {
      const data = type === 'task' || type === 'file' ? { parent: job } : {}
      for (const name of attributeNames(entities[type], 'admin')) {
        const query = querySample(type, name)
        if (query !== undefined)
          await find(type, type === 'acl' ? `acl where ${query}` : query, server.admin, data)
      }
      for (const member of [server.admin, erik, lisa]) {
        const found = await find(type, undefined, member, data)
        for (const entity of found) {
          expect(Object.keys(entity)).toEqual(shownAttributes(entities[type], member.role))
        }
      }
    })

    it.each([
      [
        'user',
        ['admin@example.com', 'lisa@example.com', 'erik@example.com'],
        ['erik@example.com', 'lisa@example.com'],
        ['lisa@example.com'],
      ],
      ['queue', ['high', 'medium', 'low'], ['high', 'medium', 'low'], []],
      ['site', ['hq', 'roaming'], ['hq', 'roaming'], []],
      ['workspace', ['studio'], ['studio'], []],
      ['client', ['edit-1', 'store-1'], ['edit-1', 'store-1'], ['edit-1']],
      ['server', ['store-1'], ['store-1'], []],
      ['app', ['edit-1'], ['edit-1'], ['edit-1']],
      ['volume', ['storage'], [], []],
      ['transfer', ['README.txt'], ['README.txt'], ['README.txt']],
    ] as const)('shows of %s what the role may see', async (type, admin, employee, standard) => {
      const codes = async (member: Member) =>
        (await find(type, undefined, member)).map(({ code }) => code).sort()
      expect(await codes(server.admin)).toEqual([...admin].sort())
      expect(await codes(erik)).toEqual([...employee].sort())
      expect(await codes(lisa)).toEqual([...standard].sort())
    })

    it('hides the transfers, and the tasks, of others from a standard user', async () => {
      const other = await insertJob(server, {})
      await insertTask(server, other, 0)
      expect(await find('transfer', `id=${other}`, lisa)).toEqual([])
      expect(await server.result('GET', 'transfer/find', { as: lisa, id: other })).toEqual([])
      expect(await find('task', undefined, lisa, { parent: other })).toEqual([])
      expect(await find('task', undefined, erik, { parent: other })).toHaveLength(1)
      await server.workspace.db.deleteFrom('job').where('id', '=', other).execute()
    })

    it('keeps the populations apart, and finds one by id in any', async () => {
      const finished = await insertJob(server, { name: 'old', status: 'done', population: 'finished' })
      const archived = await insertJob(server, { name: 'old', status: 'aborted', population: 'archived' })
      const ids = async (data: object) =>
        (await find('job', 'name=old', server.admin, data)).map(({ id }) => id)
      expect(await ids({})).toEqual([])
      expect(await ids({ finished: true })).toEqual([finished])
      expect(await ids({ archived: true })).toEqual([archived])
      expect(await ids({ finished: true, archived: true })).toEqual([finished, archived])
      expect(await ids({ single_entity_query: true })).toEqual([finished])
      for (const id of [finished, archived, job]) {
        expect(await server.result('GET', 'transfer/find', { id })).toMatchObject([{ id }])
      }
      expect(await server.result('GET', 'transfer/find', { id: 'nonsense' })).toEqual([])
    })

    it('reads many rows in pages, in order, with limit and skip, in a fixed number of queries each', async () => {
      const many = 1203
      const big = await insertJob(server, { name: 'big', tasks_total: many })
      const seqs = Array.from({ length: many }, (_, seq) => seq)
      for (const seq of seqs) await insertTask(server, big, seq)
      const counter = { queries: 0 }
      const counting: KyselyPlugin = {
        transformQuery: ({ node }) => {
          counter.queries += 1
          return node
        },
        transformResult: ({ result }) => Promise.resolve(result),
      }
      const ctx = server.context(erik)
      const counted = { ...ctx, store: { ...ctx.store, db: ctx.store.db.withPlugin(counting) } }
      const where = [
        (eb: Parameters<NonNullable<Parameters<typeof selectAll>[2]['where'][number]>>[0]) =>
          eb('task.job', '=', big),
      ]
      const sizes: number[] = []
      for await (const page of selectPages(counted, 'task', { where })) sizes.push(page.length)
      expect(sizes).toEqual([500, 500, 203])
      expect(counter.queries).toBe(3)
      const uris = async (data: object) =>
        (await find('task', undefined, erik, { parent: big, ...data })).map(({ uri }) => Number(uri))
      expect(await uris({})).toEqual(seqs)
      expect(await uris({ skip: 1, limit: 501 })).toEqual(seqs.slice(1, 502))
      expect(await uris({ skip: 1200 })).toEqual([1200, 1201, 1202])
    })

    it('shows only the attributes that are asked for', async () => {
      const attributes = ['status', 'job_hr']
      expect(await find('task', undefined, server.admin, { parent: job, attributes })).toEqual([
        { status: 'queued', job_hr: `README.txt[7](${job})` },
        { status: 'onhold', job_hr: `README.txt[7](${job})` },
      ])
      const { status, body } = await server.send('GET', 'queue/find', { data: { attributes: ['speed'] } })
      expect(status).toBe(400)
      expect(body).toMatchObject({
        code: 'unknown_attribute',
        message: expect.stringContaining('"speed"') as string,
      })
    })

    it('nests the uri of queues', async () => {
      const top = await insertJob(server, {
        kind: 'queue',
        code: 'film',
        name: 'Film',
        parent: null,
        user: null,
      })
      const below = await insertJob(server, {
        kind: 'queue',
        code: 'urgent',
        name: 'Urgent',
        parent: top,
        user: null,
      })
      const inside = await insertJob(server, { parent: below, created: testNow })
      expect(await find('transfer', 'uri="film/urgent"')).toMatchObject([{ id: inside, queue: 'urgent' }])
    })
  })
})
