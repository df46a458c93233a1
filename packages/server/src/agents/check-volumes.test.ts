import { newId, WaybillError } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrap } from '../access/bootstrap.js'
import type { WorkspaceStore } from '../store/store.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { checkVolumes } from './check-volumes.js'
import { claimVolumes } from './claim-volumes.js'
import type { AgentHub } from './hub.js'

let database: TestDatabase
let own: WorkspaceStore
let volume: string
const server = newId()

/** Agents whose roots are as the test says: an error, or fine. */
class Roots implements AgentHub {
  readonly wrong = new Map<string, WaybillError>()
  readonly asked: unknown[] = []
  isOnline = () => true
  send = () => true
  request: AgentHub['request'] = (client, name, args) => {
    this.asked.push({ client, name, args })
    const path = 'path' in args ? args.path : ''
    const error = this.wrong.get(path)
    return error === undefined ? Promise.resolve({ path, free: 1, writable: true }) : Promise.reject(error)
  }
}

beforeAll(async () => {
  database = await createSqlite()
  const made = await bootstrap(database.store, { admin: 'admin@example.com', volumePath: '/srv' })
  own = database.store.workspace(made.workspace)
  const site = await own.db.selectFrom('site').select('id').where('main', '=', 1).executeTakeFirstOrThrow()
  const user = await own.db.selectFrom('user').select('id').executeTakeFirstOrThrow()
  volume = (await own.db.selectFrom('share').select('id').executeTakeFirstOrThrow()).id
  const blank = {
    name: '',
    description: '',
    metadata: null,
    created: 1,
    creator: '',
    modified: 1,
    modifier: '',
  }
  const machine = { os: 'linux', username: '', version: '', wan_ip: '', addresses: '[]', machine: '' }
  const state = { roles: 'storage', online: 1, disabled: 0, last_checkin: 1, metrics: null } as const
  const ends = { id: server, workspace: own.id, code: 'nas', type: 1, user: user.id, site: site.id }
  await own.db
    .insertInto('client')
    .values({ ...blank, ...machine, ...state, ...ends })
    .execute()
  const row = { workspace: own.id, share: volume, client: server, site: site.id, problem: '', created: 1 }
  await own.db
    .insertInto('share_server')
    .values({ id: newId(), path: '/srv', ...row })
    .execute()
})
afterAll(() => database.drop())

const problem = async () =>
  (await own.db.selectFrom('share_server').select('problem').executeTakeFirstOrThrow()).problem

describe('a volume that nobody serves', () => {
  it('is taken on by a server that connects, unless it was taken away from one on purpose', async () => {
    const hub = new Roots()
    const { site } = await own.db.selectFrom('share_server').select('site').executeTakeFirstOrThrow()
    const claim = async () => (await claimVolumes(own, hub, server, site, () => 1)).served
    expect(await claim()).toEqual([])
    await own.db.deleteFrom('share_server').execute()
    await own.db.updateTable('share').set({ claimable: 0 }).execute()
    expect(await claim()).toEqual([])
    await own.db.updateTable('share').set({ claimable: 1, paths: '{"linux":"/mnt","mac":"/x"}' }).execute()
    expect(await claim()).toEqual([volume])
    expect(hub.asked).toEqual([{ client: server, name: 'root.check', args: { path: '/mnt', create: true } }])
    await own.db.updateTable('share_server').set({ path: '/srv' }).execute()
  })
})

describe('the directory of a served volume', () => {
  it('is missed when it is gone, and found when it is back', async () => {
    const hub = new Roots()
    const check = async () => await checkVolumes(own, hub, [server], () => 1)
    expect(await check()).toEqual([])
    hub.wrong.set('/srv', new WaybillError('not_found', '/srv does not exist'))
    expect([await check(), await problem()]).toEqual([[volume], '/srv does not exist'])
    expect(await check()).toEqual([])
    hub.wrong.set('/srv', new WaybillError('agent_offline', 'gone'))
    expect([await check(), await problem()]).toEqual([[], '/srv does not exist'])
    hub.wrong.set('/srv', new WaybillError('timeout', 'too late'))
    expect([await check(), await problem()]).toEqual([[volume], '/srv does not answer'])
    hub.wrong.clear()
    expect([await check(), await problem()]).toEqual([[volume], ''])
    // Never made: what belongs on a disk that is not mounted would go elsewhere.
    const args = { path: '/srv', create: false }
    expect(hub.asked).toEqual(hub.asked.map(() => ({ client: server, name: 'root.check', args })))
  })

  it('is of no interest where nobody serves it, or it was set aside', async () => {
    const hub = new Roots()
    expect(await checkVolumes(own, hub, [newId()], () => 1)).toEqual([])
    expect(await checkVolumes(own, hub, [], () => 1)).toEqual([])
    await own.db.updateTable('share').set({ inactive: 1 }).execute()
    expect(await checkVolumes(own, hub, [server], () => 1)).toEqual([])
    expect(hub.asked).toEqual([])
  })
})
