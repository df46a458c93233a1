import { randomUUID } from 'node:crypto'
import { type EntityType, type Method, newId, newUuid, type Role } from '@waybill/api'
import type { FastifyInstance } from 'fastify'
import { vi } from 'vitest'
import { createAuthenticator } from '../../access/authenticate.js'
import { bootstrap } from '../../access/bootstrap.js'
import { createKey } from '../../access/keys.js'
import { createJobService } from '../../jobs/create-service.js'
import { JobEngine } from '../../jobs/engine.js'
import type { Store, WorkspaceStore } from '../../store/store.js'
import { createSqlite } from '../../store/testing.js'
import { createApp } from '../app.js'
import { type Answered, headersOf, type Member, send } from '../testing.js'
import { ObligingHub } from './obliging-hub.js'

/** A workspace with one of everything. */
export interface Tenant {
  readonly code: string
  readonly store: WorkspaceStore
  readonly members: Readonly<Record<Role, Member>>
  /** An entity of each type; those that cannot be made yet have an id of nothing. */
  readonly ids: Readonly<Record<EntityType, string>>
}

export interface WireCall {
  readonly method: Method
  readonly uri: string
  readonly id?: unknown
  readonly query?: unknown
  readonly data?: unknown
}

/** Two workspaces of one installation, on the real thing but for the agents. */
export interface Tenants {
  readonly app: FastifyInstance
  readonly hub: ObligingHub
  readonly store: Store
  readonly ours: Tenant
  /** All names of which have `zebra` in them. */
  readonly theirs: Tenant
  send(tenant: Tenant, role: Role, call: WireCall): Promise<Answered>
  close(): Promise<void>
}

const now = Date.UTC(2026, 0, 22, 8, 35, 59)

export async function createTenants(): Promise<Tenants> {
  const database = await createSqlite()
  const { store } = database
  const clock = { now: () => now }
  const hub = new ObligingHub()
  const faults: unknown[] = []
  const log = (_message: string, error?: unknown): void => void faults.push(error)
  const engine = new JobEngine({ store, hub, clock, owner: 'walk', ports: [45_190, 45_209], log })
  const limits = { requestRate: 1e6, requestBurst: 1e6 }
  const authenticator = createAuthenticator(store)
  const app = createApp({ store, hub, jobs: createJobService(engine), clock, limits, authenticator })
  const post = async (code: string, as: Member, call: WireCall): Promise<Answered> => {
    const event = { workspace: code, ident: as.email, eid: randomUUID(), ...call }
    return await send(app, call.method, '/api/v3/event', event, headersOf(as, code))
  }
  const settle = async (code: string, prefix: string): Promise<Tenant> => {
    const admin = `${prefix}admin@example.com`
    const { workspace } = await bootstrap(store, { workspace: code, admin, volumePath: '/srv/storage', now })
    const own = store.workspace(workspace)
    const member = async (email: string, role: Role): Promise<Member> => {
      const { key } = await createKey(store, email)
      const user = await own.db.selectFrom('user').select('id').where('code', '=', email).executeTakeFirst()
      return { id: user?.id ?? '', email, key, role }
    }
    const boss = await member(admin, 'admin')
    const make = async (type: EntityType, data: object, id?: string): Promise<string> => {
      const answer = await post(code, boss, { method: 'POST', uri: `${type}/create`, id, data })
      const [made] = Array.isArray(answer.body.result) ? (answer.body.result as unknown[]) : []
      if (typeof made === 'object' && made !== null && 'id' in made) return String(made.id)
      throw new Error(`${type}: ${JSON.stringify(answer.body)}`)
    }
    const ids = await furnish(own, boss, prefix, make)
    const storage = await own.db.selectFrom('share').select('id').where('code', '=', 'storage').execute()
    const serve = {
      method: 'PUT',
      uri: 'volume/server',
      id: storage[0]?.id,
      data: { client: ids.server },
    } as const
    const served = await post(code, boss, serve)
    if (served.status !== 200) throw new Error(JSON.stringify(served.body))
    await vi.waitUntil(() => measured(own))
    const members = {
      admin: boss,
      employee: await member(`${prefix}lisa@example.com`, 'employee'),
      standard: await member(`${prefix}bob@example.com`, 'standard'),
    }
    return { code, store: own, members, ids: { ...ids, workspace } }
  }
  return {
    app,
    hub,
    store,
    ours: await settle('studio', ''),
    theirs: await settle('zebra', 'zebra-'),
    send: async (tenant, role, call) => await post(tenant.code, tenant.members[role], call),
    close: async () => {
      await app.close()
      await engine.close()
      await database.drop()
    },
  }
}

/** Whether nothing moves by itself any more. */
async function measured({ db }: WorkspaceStore): Promise<boolean> {
  const rows = await db.selectFrom('job').select('id').where('measured', '=', 0).execute()
  return rows.length === 0
}

type Make = (type: EntityType, data: object, id?: string) => Promise<string>

async function furnish(
  store: WorkspaceStore,
  admin: Member,
  prefix: string,
  make: Make,
): Promise<Omit<Record<EntityType, string>, 'workspace'>> {
  const mail = false
  const employee = { code: `${prefix}lisa@example.com`, role: 'employee', mail }
  const lisa = await make('user', { ...employee, give_all_volumes_access: true })
  const bob = await make('user', { code: `${prefix}bob@example.com`, role: 'standard', mail })
  const site = await make('site', { code: `${prefix}stockholm` })
  const client = await insertClient(store, bob, 0, `${prefix}laptop`)
  const app = await insertClient(store, bob, 0, `${prefix}tablet`)
  await insertClient(store, lisa, 0, `${prefix}desk`)
  await insertClient(store, admin.id, 0, `${prefix}office`)
  const server = await insertClient(store, admin.id, 1, `${prefix}server`)
  const userserver = await insertClient(store, lisa, 2, `${prefix}userserver`)
  const browser = await insertClient(store, lisa, 3, `${prefix}browser`)
  const volume = await make('volume', { code: `${prefix}tank`, path: '/srv/tank', server })
  const folder = await make('folder', { code: `${prefix}trailers`, parent: volume, path: 'trailers' })
  const home = await make('home', { user: bob, parent: volume, path: `${prefix}homes/bob` })
  const collection = await make('collection', {
    code: `${prefix}picks`,
    files: [`volume=${prefix}tank/${prefix}take.mov`],
  })
  const acl = await make('acl', { entity: `user:${bob}`, target: `share:${folder}`, read: true, write: true })
  const queue = await make('queue', { code: `${prefix}night` })
  const tasks = [{ source: `volume=${prefix}tank/${prefix}take.mov`, destination: '/tmp/take.mov' }]
  const transfer = await make('transfer', { tasks, queue, status: 'paused', name: `${prefix}take` })
  const { db } = store
  const task = await db.selectFrom('task').select('id').executeTakeFirstOrThrow()
  const file = await db.selectFrom('collection_file').select('id').executeTakeFirst()
  const nothing = newId(now)
  return {
    ...{ user: bob, site, client, app, server, userserver, browser },
    ...{ volume, folder, home, collection, file: file?.id ?? newUuid(), acl, queue, transfer },
    ...{ task: task.id, delivery: nothing, request: nothing, stream: nothing },
  }
}

async function insertClient(
  store: WorkspaceStore,
  user: string,
  type: number,
  code: string,
): Promise<string> {
  const id = newId(now)
  const site = await store.db
    .selectFrom('site')
    .select('id')
    .where('code', '=', type === 1 ? 'hq' : 'roaming')
    .executeTakeFirstOrThrow()
  await store.db
    .insertInto('client')
    .values({
      ...{ id, workspace: store.id, code, name: code, description: '', metadata: null },
      ...{ created: now, creator: '', modified: now, modifier: '', type, user, site: site.id },
      ...{ os: 'linux', username: code, version: '1', wan_ip: '', addresses: '[]', machine: newUuid() },
      ...{ roles: type === 1 ? 'storage' : '', online: 1, disabled: 0, last_checkin: now, metrics: null },
    })
    .execute()
  return id
}

const tables = [
  ...(['user', 'acl', 'site', 'client', 'share', 'share_server', 'collection_file', 'mapping'] as const),
  ...(['job', 'task', 'recipient', 'setting', 'audit', 'invitation', 'mail'] as const),
]

/** All that a workspace has, as text per table. */
export async function contentsOf({ db }: WorkspaceStore): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>()
  for (const table of tables) {
    const rows = await db.selectFrom(table).selectAll().orderBy(`${table}.id`).execute()
    // The last contact of somebody who calls is nobody's change.
    const plain = rows.map((row) => ({ ...row, logged_in: 0 }))
    contents.set(table, JSON.stringify(plain))
  }
  return contents
}
