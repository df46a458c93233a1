import {
  newId,
  newUuid,
  type RequestArgs,
  type RequestName,
  type Role,
  requests,
  type TaskResult,
  type ToAgent,
} from '@waybill/api'
import type { Insertable } from 'kysely'
import * as v from 'valibot'
import { expect, vi } from 'vitest'
import { bootstrap } from '../access/bootstrap.js'
import { addUser } from '../access/users.js'
import type { AgentHub } from '../agents/hub.js'
import type { CallContext } from '../context.js'
import type { Input } from '../entities/operations.js'
import type { ClientTable } from '../store/schema.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { createJobService } from './create-service.js'
import type { Lease } from './dispatch/lease.js'
import { JobEngine } from './engine.js'
import type { JobRow, TaskRow } from './lifecycle/rows.js'

/** Agents that do as the test says: they answer what they are asked, and what they are told is written down. */
export class ScriptedHub implements AgentHub {
  readonly online = new Set<string>()
  readonly sent: { readonly client: string; readonly message: ToAgent }[] = []
  readonly asked: { readonly client: string; readonly name: RequestName }[] = []
  /** Sizes by path; what is not named has 100 bytes. */
  readonly sizes = new Map<string, number>()
  /** Thrown at whoever opens a session. */
  refusal: Error | undefined

  isOnline(client: string): boolean {
    return this.online.has(client)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the seam is asynchronous
  request: AgentHub['request'] = async (client, name, args) => {
    this.asked.push({ client, name })
    if (name === 'session.open' && this.refusal !== undefined) throw this.refusal
    return v.parse(requests[name].result, this.answer(args))
  }

  send(client: string, message: ToAgent): boolean {
    this.sent.push({ client, message })
    return this.online.has(client)
  }

  /** Messages of one type about a session to one client. */
  told(client: string, type: ToAgent['type'], session: string): ToAgent[] {
    return this.sent
      .filter((each) => each.client === client && each.message.type === type)
      .map(({ message }) => message)
      .filter((message) => 'session' in message && message.session === session)
  }

  private answer(args: RequestArgs<RequestName>): unknown {
    if (!('items' in args)) return { port: 45_190, cipher: 'aes128' }
    const items = args.items.map(({ location: { path } }) => ({
      kind: 'file',
      size: this.sizes.get(path) ?? 100,
      files: 1,
    }))
    return { items }
  }
}

export interface Person {
  readonly id: string
  readonly email: string
  readonly role: Role
}

/** A workspace with two sites, a volume that both serve, three people, and their agents, all of them online. */
export class World {
  readonly hub = new ScriptedHub()
  readonly clock = { time: Date.UTC(2026, 0, 22, 8, 35, 59), now: (): number => this.clock.time }
  readonly faults: unknown[] = []
  engine: JobEngine
  service: ReturnType<typeof createJobService>

  private constructor(
    private readonly database: TestDatabase,
    readonly workspace: ReturnType<TestDatabase['store']['workspace']>,
    readonly admin: Person,
    readonly lisa: Person,
    readonly tom: Person,
    readonly volume: string,
    /** Ids of clients: the servers of the two sites, Lisa's two machines. Tom has none. */
    readonly clients: { hq: string; stockholm: string; laptop: string; desktop: string },
  ) {
    for (const client of Object.values(clients)) this.hub.online.add(client)
    this.engine = this.newEngine()
    this.service = createJobService(this.engine)
  }

  static async create(create: () => Promise<TestDatabase> = createSqlite): Promise<World> {
    const database = await create()
    const now = Date.UTC(2026, 0, 22)
    const email = 'admin@example.com'
    const { workspace: id } = await bootstrap(database.store, {
      admin: email,
      volumePath: '/srv/storage',
      now,
    })
    const workspace = database.store.workspace(id)
    const { db } = workspace
    const found = await db.selectFrom('user').select('id').executeTakeFirstOrThrow()
    const person = async (address: string, role: Role): Promise<Person> => {
      const by = { email, now }
      const user = { email: address, role, giveDefaultVolumeAccess: role === 'employee' }
      const made = await workspace.transaction((tx) => addUser(tx, id, user, by))
      return { id: made, email: address, role }
    }
    const lisa = await person('lisa@example.com', 'employee')
    const tom = await person('tom@example.com', 'standard')
    const base = { workspace: id, description: '', metadata: null, created: now, creator: email }
    const common = { ...base, modified: now, modifier: email }
    const hq = await db.selectFrom('site').select('id').where('main', '=', 1).executeTakeFirstOrThrow()
    const volume = await db.selectFrom('share').select('id').executeTakeFirstOrThrow()
    const stockholm = newId(now)
    await db
      .insertInto('site')
      .values({
        ...common,
        id: stockholm,
        code: 'stockholm',
        name: 'Stockholm',
        main: 0,
        status: 'enabled',
      })
      .execute()
    const client = async (code: string, own: Pick<Insertable<ClientTable>, 'type' | 'user' | 'site'>) => {
      const made = newId(now)
      const rest = {
        os: 'linux',
        username: '',
        version: '1',
        wan_ip: '',
        addresses: '["10.0.0.1"]',
        roles: '',
      }
      const state = { online: 1 as const, disabled: 0 as const, last_checkin: now, metrics: null }
      await db
        .insertInto('client')
        .values({ ...common, ...rest, ...state, ...own, id: made, code, name: code, machine: newUuid() })
        .execute()
      return made
    }
    const clients = {
      hq: await client('hq-server', { type: 1, user: found.id, site: hq.id }),
      stockholm: await client('stockholm-server', { type: 1, user: found.id, site: stockholm }),
      laptop: await client('laptop', { type: 0, user: lisa.id, site: hq.id }),
      desktop: await client('desktop', { type: 0, user: lisa.id, site: hq.id }),
    }
    for (const [server, site] of [
      [clients.hq, hq.id],
      [clients.stockholm, stockholm],
    ] as const) {
      const row = { id: newId(now), workspace: id, share: volume.id, client: server, site, created: now }
      await db
        .insertInto('share_server')
        .values({ ...row, path: '/srv/storage', problem: '' })
        .execute()
    }
    const admin: Person = { id: found.id, email, role: 'admin' }
    return new World(database, workspace, admin, lisa, tom, volume.id, clients)
  }

  get db() {
    return this.workspace.db
  }

  context(person: Person = this.lisa): CallContext {
    return {
      workspace: { id: this.workspace.id, code: 'studio' },
      store: this.workspace,
      caller: { user: person.id, account: '', email: person.email, role: person.role },
      device: 'test',
      address: '127.0.0.1',
      now: this.clock.now(),
    }
  }

  /** Creates a transfer and answers with its id. */
  async create(input: Input, person?: Person, allowDuplicates = true): Promise<string> {
    // Two jobs of one moment would have no order.
    this.clock.time += 1
    const options = { parent: undefined, allowDuplicates }
    const answer = await this.service.transfer.create?.(this.context(person), input, options)
    if (answer === undefined || !('ids' in answer)) throw new Error('no job was made')
    return answer.ids[0] ?? ''
  }

  async addTasks(job: string, input: Input, allowDuplicates = true) {
    return await this.service.task.create?.(this.context(), input, { parent: job, allowDuplicates })
  }

  async edit(job: string, changes: Input, person?: Person): Promise<void> {
    await this.service.transfer.update?.(this.context(person), job, changes)
  }

  async job(id: string): Promise<JobRow> {
    return await this.db.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  }

  async tasks(job: string): Promise<TaskRow[]> {
    return await this.db.selectFrom('task').selectAll().where('job', '=', job).orderBy('seq').execute()
  }

  /** Waits until a job has a status, and answers with it. */
  async reaches(id: string, status: JobRow['status']): Promise<JobRow> {
    return await this.until(async () => {
      const job = await this.job(id)
      expect(job.status).toBe(status)
      return job
    })
  }

  /** Waits until a job runs and both its agents were told of tasks. */
  async runs(id: string): Promise<Lease> {
    return await this.until(async () => {
      const lease = await this.db
        .selectFrom('lease')
        .selectAll()
        .where('job', '=', id)
        .executeTakeFirstOrThrow()
      expect(this.hub.told(lease.destination_client, 'session.tasks', lease.session)).not.toEqual([])
      expect(this.hub.told(lease.source_client, 'session.tasks', lease.session)).not.toEqual([])
      return lease
    })
  }

  /** Everything that was poked has been looked at, and every measurement is over. */
  async quiet(): Promise<void> {
    await this.engine.dispatcher.idle()
    await this.until(async () => {
      const open = await this.db.selectFrom('job').select('id').where('status', '=', 'init').execute()
      expect(open).toEqual([])
    })
    await this.engine.dispatcher.idle()
  }

  async until<T>(work: () => Promise<T>): Promise<T> {
    return await vi.waitFor(work, { timeout: 10_000, interval: 3 })
  }

  /** The receiver says what became of tasks; all of the job's that are under way unless some are named. */
  async report(lease: Lease, status: TaskResult['status'], own: Partial<TaskResult> = {}): Promise<void> {
    const held = (await this.tasks(lease.job)).filter(
      (task) => own.task === task.id || (own.task === undefined && /booting|executing/.test(task.status)),
    )
    const results = held.map(({ id, size }) => ({
      task: id,
      status,
      size,
      sent: status === 'done' ? size : 0,
      skipped: 0,
      files: 1,
      time: 5,
      code: status === 'failed' ? 'E#J001' : null,
      message: status === 'failed' ? 'It is not there' : null,
      details: [],
      ...own,
    }))
    await this.engine.results(this.workspace.id, lease.destination_client, {
      type: 'session.results',
      session: lease.session,
      lease: lease.run,
      seq: 1,
      results,
    })
  }

  async connect(client: string, sessions: readonly { session: string; lease: number }[] = []) {
    this.hub.online.add(client)
    return await this.engine.connected(this.workspace.id, client, sessions)
  }

  async disconnect(client: string): Promise<void> {
    this.hub.online.delete(client)
    await this.engine.disconnected(this.workspace.id, client)
  }

  async disconnectAll(): Promise<void> {
    for (const client of Object.values(this.clients)) await this.disconnect(client)
  }

  /** Lets time pass, and what became due happen. */
  advance(milliseconds: number): void {
    this.clock.time += milliseconds
    this.engine.changed(this.workspace.id, { id: '', not_before: 0 })
  }

  /** The control plane goes away; another process takes over. The agents are heard of only once they connect. */
  async restart(): Promise<void> {
    await this.engine.close()
    this.hub.online.clear()
    this.engine = this.newEngine()
    this.service = createJobService(this.engine)
    await this.engine.start()
  }

  async close(): Promise<void> {
    await this.engine.close()
    await this.database.drop()
    expect(this.faults).toEqual([])
  }

  private newEngine(): JobEngine {
    return new JobEngine({
      store: this.database.store,
      hub: this.hub,
      clock: this.clock,
      owner: newUuid(),
      ports: [45_190, 45_209],
      log: (message, error) => this.faults.push({ message, error }),
    })
  }
}

/** An upload from Lisa's laptop to the main site. */
export const upload = (world: World, name = 'a.mov', own: Input = {}): Input => ({
  source: `client=${world.clients.laptop}:/home/lisa/${name}`,
  destination: `volume=storage/in/${name}`,
  ...own,
})
