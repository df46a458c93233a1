import { type FilesPage, newId, type WalkEntry, WaybillError } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentHub } from '../agents/hub.js'
import { createTestServer, insertClient, type Member, type TestServer, testNow } from '../http/testing.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'

// What agents answer is not believed: the caller sees what it may see, whatever an agent sends.

type Script = (name: string, args: Readonly<Record<string, unknown>>) => unknown

let database: TestDatabase
let server: TestServer
let lisa: Member
let asked: { name: string; args: Readonly<Record<string, unknown>> }[]
let script: Script

const time = Date.UTC(2026, 0, 22)
const file = (name: string): WalkEntry => ({ type: 'file', name, size: 1, modified: time })
const enter = (name: string): WalkEntry => ({ type: 'enter', name, modified: time })
const leave: WalkEntry = { type: 'leave', size: 7 }
const page = (entries: WalkEntry[], done = true): FilesPage => ({ entries, size: 7, done })

beforeEach(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'employee')
  asked = []
  script = () => page([])
  const client = await insertClient(server, server.admin.id, { type: 1, code: 'store-1' })
  server.hub.online.add(client)
  server.hub.request = ((_client: string, name: string, args: Readonly<Record<string, unknown>>) => {
    asked.push({ name, args })
    if (name === 'files.close') return Promise.resolve({ done: true })
    if (name === 'files.stat') return Promise.resolve({ items: [{ type: 'directory', modified: time }] })
    return Promise.resolve().then(() => script(name, args))
  }) as AgentHub['request']
  const { db } = server.workspace
  const volume = await db
    .selectFrom('share')
    .selectAll()
    .where('is_default', '=', 1)
    .executeTakeFirstOrThrow()
  const site = await db.selectFrom('site').select('id').where('main', '=', 1).executeTakeFirstOrThrow()
  await db
    .insertInto('share_server')
    .values({
      ...{ id: newId(testNow), workspace: server.workspace.id, share: volume.id, client, site: site.id },
      ...{ path: '/srv/storage', problem: '', created: testNow },
    })
    .execute()
  await server.result('POST', 'acl/create', {
    data: {
      entity: `user:${lisa.id}`,
      target: `share:${volume.id}`,
      path: '/show/a',
      read: true,
      write: false,
    },
  })
})
afterEach(async () => {
  await server.app.close()
  await database.drop()
})

const ls = (path: string, more: object = {}, as: Member = lisa) =>
  server.send('GET', 'workspace/file', { as, data: { op: 'ls', path, ...more } })

describe('an agent that lies', () => {
  it('shows nobody what is not theirs', async () => {
    script = () =>
      page([
        ...[file('secret'), enter('b'), enter('deep'), file('x'), leave, leave],
        ...[enter('a'), file('mine'), leave],
      ])
    const { body } = await ls('volume=storage/show', { recursive: true })
    expect(body.result).toEqual([
      {
        ...{ type: 0, filename: 'a', modified: '2026-01-22T00:00:00', size: 7 },
        files: [{ type: 1, filename: 'mine', size: 1, modified: '2026-01-22T00:00:00' }],
      },
    ])
    expect(asked.at(-1)?.args.scope).toMatchObject({ all: false, reaches: [{ names: ['show', 'a'] }] })
  })

  it.each([
    ['a name that leads up', [file('..')]],
    ['a name with a slash', [file('a/b')]],
    ['a name with NUL', [file('a\0')]],
    ['more levels than were asked for', [enter('a'), file('x'), leave]],
    ['an end without a beginning', [leave]],
  ])('is caught at %s', async (_what, entries) => {
    script = () => page(entries)
    const { status, body } = await ls('volume=storage/show/a')
    expect([status, body.code]).toEqual([503, 'unreachable'])
  })

  it('is given up when its listing breaks in the middle', async () => {
    script = (name) => {
      if (name === 'files.next') throw new WaybillError('internal', 'made up')
      return page([file('x')], false)
    }
    const { status, body } = await ls('volume=storage/show/a')
    expect([status, body.message]).toEqual([503, 'volume=storage/show/a: store-1 could not answer'])
    expect(asked.at(-1)?.name).toBe('files.close')
  })
})

describe('listings', () => {
  it('are asked for a page at a time, in the order of numbers', async () => {
    script = (_name, args) => page([file(`f${Number(args.page ?? 0)}`)], args.page === 2)
    const { body } = await ls('volume=storage/show/a')
    expect(body.result).toMatchObject([{ filename: 'f0' }, { filename: 'f1' }, { filename: 'f2' }])
    expect(asked.map(({ name, args }) => [name, args.page])).toEqual([
      ['files.stat', undefined],
      ['files.walk', undefined],
      ['files.next', 1],
      ['files.next', 2],
    ])
  })

  it('wait in line when one user asks for many at once, and all are answered', async () => {
    let running = 0
    let most = 0
    const waiting: (() => void)[] = []
    script = async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((resolve) => waiting.push(resolve))
      running -= 1
      return page([])
    }
    const all = Promise.all(Array.from({ length: 20 }, () => ls('volume=storage/show/a')))
    const state = { answered: false }
    void all.then(() => {
      state.answered = true
    })
    while (!state.answered) {
      waiting.shift()?.()
      await new Promise(setImmediate)
    }
    expect((await all).map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(most).toBeLessThanOrEqual(6)
  })

  it('say who is offline to those who see the place, and to nobody else', async () => {
    server.hub.online.clear()
    expect(await ls('volume=storage/show')).toMatchObject({
      status: 503,
      body: { code: 'agent_offline', message: 'Server store-1, which serves storage, is offline' },
    })
    expect((await ls('volume=storage/other')).status).toBe(404)
  })
})

it('asks an agent on Windows for no name that means something else there', async () => {
  await server.workspace.db.updateTable('client').set({ os: 'windows' }).execute()
  for (const path of ['aux.txt', 'show/a./b', 'show/b ', 'x:stream', 'COM1']) {
    for (const [method, op] of [
      ['GET', 'exists'],
      ['POST', 'mkdir'],
      ['POST', 'delete'],
    ] as const) {
      const answer = await server.send(method, 'workspace/file', {
        data: { op, path: `volume=storage/${path}` },
      })
      expect([path, op, answer.status]).toEqual([path, op, 400])
    }
  }
  expect(asked).toEqual([])
})

it('writes down who changed what, also when it failed', async () => {
  script = (name) => {
    if (name === 'files.rename') throw new WaybillError('conflict', 'something of that name is there already')
    return { done: true, deleted: 1 }
  }
  const put = { op: 'rename', path: 'volume=storage/x', path_to: 'volume=storage/y' }
  expect((await server.send('PUT', 'workspace/file', { data: put })).status).toBe(409)
  await server.result('POST', 'workspace/file', { data: { op: 'mkdir', path: 'volume=storage/z' } })
  await server.result('POST', 'workspace/file', {
    data: { op: 'delete', path: 'volume=storage/z', force: true },
  })
  const lines = await server.workspace.db
    .selectFrom('audit')
    .select(['email', 'change', 'details'])
    .where('change', 'like', '%file %')
    .orderBy('id')
    .execute()
  expect(
    lines.map(({ email, change, details }) => [email, change, JSON.parse(details ?? '{}') as unknown]),
  ).toEqual([
    [
      ...['admin@example.com', 'file renamed'],
      {
        ...{ path: 'volume=storage/x', path_to: 'volume=storage/y' },
        failed: 'volume=storage/x: something of that name is there already',
      },
    ],
    ['admin@example.com', 'file deleted', { path: 'volume=storage/z', force: true }],
  ])
})
