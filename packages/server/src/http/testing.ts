import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Method, newId, newUuid, type Role, type ToAgent } from '@waybill/api'
import type { FastifyInstance } from 'fastify'
import type { Insertable } from 'kysely'
import { createAuthenticator } from '../access/authenticate.js'
import { bootstrap } from '../access/bootstrap.js'
import { createKey } from '../access/keys.js'
import { addUser } from '../access/users.js'
import type { AgentHub } from '../agents/hub.js'
import type { CallContext } from '../context.js'
import type { Input } from '../entities/operations.js'
import { blankJob } from '../jobs/lifecycle/blank-job.js'
import type { JobService } from '../jobs/service.js'
import type { ClientTable, JobTable, TaskTable } from '../store/schema.js'
import type { Store, WorkspaceStore } from '../store/store.js'
import { createApp } from './app.js'
import type { EndpointLimits } from './limits/limits.js'
import type { Strangers } from './limits/strangers.js'

export const testNow = Date.UTC(2026, 0, 22, 8, 35, 59)

export interface Member {
  readonly id: string
  readonly email: string
  readonly key: string
  readonly role: Role
}

/** Agents that say yes: those in `online` are connected, and serve whatever directory they are asked for. */
export class FakeHub implements AgentHub {
  readonly online = new Set<string>()
  readonly sent: { readonly client: string; readonly message: ToAgent }[] = []
  readonly asked: { readonly client: string; readonly name: string; readonly args: unknown }[] = []

  isOnline(client: string): boolean {
    return this.online.has(client)
  }
  request: AgentHub['request'] = (client, name, args) => {
    this.asked.push({ client, name, args })
    const path = 'path' in args ? args.path : ''
    // An answer to `root.check`; makers of directories do not look at theirs.
    return Promise.resolve({ path, free: 1, writable: true })
  }
  send(client: string, message: ToAgent): boolean {
    this.sent.push({ client, message })
    return this.online.has(client)
  }
}

/** Writes down what it is told; of jobs it only changes the status of tasks. */
export class FakeJobs implements JobService {
  readonly told: string[] = []
  readonly transfer = {
    update: async (ctx: CallContext, id: string, { status }: Input) => {
      if (status !== 'paused') return
      await ctx.store.db.updateTable('job').set({ status }).where('id', '=', id).execute()
    },
    receive: (_ctx: CallContext, job: string) => {
      this.told.push(`receive ${job}`)
      return Promise.resolve()
    },
  }
  readonly queue = {}
  readonly task = {
    create: (_ctx: CallContext, { tasks }: Input) => {
      this.told.push(`tasks ${JSON.stringify(tasks)}`)
      return Promise.resolve({ success: true as const })
    },
    updateMany: async (ctx: CallContext, job: string, items: readonly Input[]) => {
      const ids: string[] = []
      for (const item of items) {
        const changed = await ctx.store.db
          .updateTable('task')
          .set({ status: 'onhold' })
          .where('job', '=', job)
          .where('uri', '=', String(item.uri))
          .returning('id')
          .execute()
        ids.push(...changed.map(({ id }) => id))
      }
      return ids
    },
  }
  touched(_workspace: string, what: { readonly entitytype: string; readonly id: string }): void {
    this.told.push(`touched ${what.entitytype} ${what.id}`)
  }
  abortJobsOf(_ctx: CallContext, what: { readonly entitytype: string; readonly id: string }): Promise<void> {
    this.told.push(`abort ${what.entitytype} ${what.id}`)
    return Promise.resolve()
  }
}

export interface TestServer {
  readonly app: FastifyInstance
  readonly store: Store
  readonly workspace: WorkspaceStore
  readonly hub: FakeHub
  readonly jobs: FakeJobs
  readonly admin: Member
  /** Ids of the queues, by code. */
  readonly queues: ReadonlyMap<string, string>
  /** Moved by tests. */
  readonly clock: { now: () => number; time: number }
  member(email: string, role: Role): Promise<Member>
  context(member: Member): CallContext
  /** Sends one event as clients do, and gives back status and JSON. */
  send(method: Method, uri: string, event?: EventParts): Promise<Answered>
  /** The `result` of an event that has to succeed. */
  result(method: Method, uri: string, event?: EventParts): Promise<unknown>
}

export interface EventParts {
  readonly as?: Member
  readonly id?: string
  readonly query?: string
  readonly data?: unknown
  readonly eid?: string
  readonly gzip?: boolean
  readonly envelope?: Readonly<Record<string, unknown>>
}

export interface Answered {
  readonly status: number
  readonly type: string
  readonly body: Readonly<Record<string, unknown>>
}

/** The wire endpoint on a real store, with agents and jobs that are doubles. Tests ask faster than people do. */
export async function createTestServer(
  store: Store,
  own: Partial<EndpointLimits> & { readonly strangers?: Strangers } = {},
): Promise<TestServer> {
  const email = 'admin@example.com'
  const made = await bootstrap(store, { admin: email, volumePath: '/srv/storage', now: testNow })
  const workspace = store.workspace(made.workspace)
  const hub = new FakeHub()
  const jobs = new FakeJobs()
  const clock = { time: testNow, now: (): number => clock.time }
  const { strangers, ...changed } = own
  const limits = { requestRate: 1e6, requestBurst: 1e6, ...changed }
  const authenticator = createAuthenticator(store)
  const app = createApp({
    store,
    hub,
    jobs,
    clock,
    limits,
    authenticator,
    ...(strangers === undefined ? {} : { strangers }),
  })
  const { id } = await workspace.db.selectFrom('user').select('id').executeTakeFirstOrThrow()
  const admin: Member = { id, email, key: made.apiKey ?? '', role: 'admin' }
  const rows = await workspace.db.selectFrom('job').select(['id', 'code']).execute()
  const server: TestServer = {
    app,
    store,
    workspace,
    hub,
    jobs,
    admin,
    clock,
    queues: new Map(rows.map((row) => [row.code, row.id])),
    async member(address, role) {
      const { key } = await createKey(store, address)
      const by = { email, now: testNow }
      const user = await workspace.transaction((tx) =>
        addUser(tx, workspace.id, { email: address, role }, by),
      )
      return { id: user, email: address, key, role }
    },
    context: (member) => ({
      workspace: { id: workspace.id, code: 'studio' },
      store: workspace,
      caller: { user: member.id, account: '', email: member.email, role: member.role },
      device: 'test',
      address: '127.0.0.1',
      now: testNow,
    }),
    async send(method, uri, { as = admin, id, query, data, eid, gzip, envelope } = {}) {
      const payload =
        gzip === true ? { gz_data: gzipSync(JSON.stringify(data)).toString('base64') } : { data }
      const event = {
        audience: 'api',
        workspace: 'studio',
        ident: as.email,
        eid: eid ?? randomUUID(),
        uri,
        id,
        query,
        ...payload,
        ...envelope,
      }
      return await send(app, method, '/api/v3/event', event, headersOf(as))
    },
    async result(method, uri, event) {
      const { status, body } = await server.send(method, uri, event)
      if (status !== 200) throw new Error(`${method} ${uri}: ${status} ${JSON.stringify(body)}`)
      return body.result
    },
  }
  return server
}

export function headersOf(
  member: Pick<Member, 'email' | 'key'>,
  workspace = 'studio',
): Record<string, string> {
  const part = (text: string): string => Buffer.from(text).toString('base64')
  return {
    authorization: `basic ${part(member.email)}:${part(member.key)}`,
    'x-accsyn-workspace': workspace,
    'x-accsyn-device': 'test',
  }
}

export async function send(
  app: FastifyInstance,
  method: Method,
  path: string,
  json: unknown,
  headers: Record<string, string>,
): Promise<Answered> {
  const text = JSON.stringify(json)
  const inUrl = method === 'GET' || method === 'DELETE'
  const url = inUrl ? `${path}?${encodeURIComponent(text)}` : path
  const answer = await app.inject({ method, url, headers, ...(inUrl ? {} : { payload: text }) })
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() }
}

export async function insertJob(
  server: TestServer,
  own: Partial<Insertable<JobTable>> = {},
): Promise<string> {
  const id = newId(testNow)
  const queue = server.queues.get('medium') ?? null
  const row: Insertable<JobTable> = {
    ...blankJob,
    id,
    workspace: server.workspace.id,
    kind: 'transfer',
    code: '',
    name: 'README.txt',
    status: 'waiting',
    created: testNow,
    creator: server.admin.email,
    modified: testNow,
    modifier: server.admin.email,
    parent: queue,
    user: server.admin.id,
    position: 0,
    source_type: 'workspace',
    source_id: server.workspace.id,
    destination_type: 'workspace',
    destination_id: server.workspace.id,
    measured: 1,
    ...own,
  }
  await server.workspace.db.insertInto('job').values(row).execute()
  return row.id
}

export async function insertTask(
  server: TestServer,
  job: string,
  seq: number,
  own: Partial<Insertable<TaskTable>> = {},
): Promise<string> {
  const id = newUuid()
  await server.workspace.db
    .insertInto('task')
    .values({
      id,
      workspace: server.workspace.id,
      job,
      seq,
      uri: String(seq),
      status: 'queued',
      reason: null,
      reason_hr: '',
      priority: 500,
      source: '{}',
      destination: '{}',
      fingerprint: id,
      measured: 0,
      size: 0,
      transferred: 0,
      files: 0,
      time: 0,
      tries: 0,
      run: 0,
      created: testNow,
      finished: null,
      modified: testNow,
      metadata: null,
      ...own,
    })
    .execute()
  return id
}

export async function insertClient(
  server: TestServer,
  user: string,
  own: Partial<Insertable<ClientTable>> = {},
): Promise<string> {
  const id = newId(testNow)
  const site = await server.workspace.db
    .selectFrom('site')
    .select('id')
    .where('main', '=', 1)
    .executeTakeFirstOrThrow()
  await server.workspace.db
    .insertInto('client')
    .values({
      id,
      workspace: server.workspace.id,
      code: 'edit-1',
      name: 'edit-1',
      description: '',
      metadata: null,
      created: testNow,
      creator: server.admin.email,
      modified: testNow,
      modifier: server.admin.email,
      type: 0,
      user,
      site: site.id,
      os: 'linux',
      username: 'lisa',
      version: '0.1.0',
      wan_ip: '',
      addresses: '[]',
      roles: '',
      machine: newUuid(),
      online: 1,
      disabled: 0,
      last_checkin: testNow,
      metrics: null,
      ...own,
    })
    .execute()
  return id
}
