import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { controlProtocol } from '@waybill/api'
import { createAuthenticator } from '../access/authenticate.js'
import { bootstrap } from '../access/bootstrap.js'
import { createKey } from '../access/keys.js'
import { addUser } from '../access/users.js'
import { systemClock } from '../context.js'
import type { Store, WorkspaceStore } from '../store/store.js'
import { createSqlite } from '../store/testing.js'
import { createHub, type Hub, type HubOptions } from './create-hub.js'
import type {
  EndedMessage,
  HubListener,
  ManifestMessage,
  ProgressMessage,
  ResultsMessage,
  SessionRef,
} from './hub.js'
import { agentLogin } from './login.js'
import { resetPresence } from './presence.js'

/** Writes down what the hub tells; `before` may hold a call up, or make it fail. */
export class RecordingListener implements HubListener {
  readonly calls: { readonly call: string; readonly client: string; readonly message?: unknown }[] = []
  readonly results_: ResultsMessage[] = []
  readonly ended_: EndedMessage[] = []
  readonly progress_: ProgressMessage[] = []
  drop: readonly SessionRef[] = []
  before: (call: string) => Promise<void> = () => Promise.resolve()

  async connected(_workspace: string, client: string, sessions: readonly SessionRef[]) {
    await this.before('connected')
    this.calls.push({ call: 'connected', client, message: sessions })
    return this.drop
  }
  async disconnected(_workspace: string, client: string) {
    await this.before('disconnected')
    this.calls.push({ call: 'disconnected', client })
  }
  async progress(_workspace: string, client: string, message: ProgressMessage) {
    await this.before('progress')
    this.progress_.push(message)
    this.calls.push({ call: 'progress', client, message })
  }
  async results(_workspace: string, client: string, message: ResultsMessage) {
    await this.before('results')
    this.results_.push(message)
    this.calls.push({ call: 'results', client, message })
  }
  async manifest(_workspace: string, client: string, message: ManifestMessage) {
    await this.before('manifest')
    this.calls.push({ call: 'manifest', client, message })
  }
  async ended(_workspace: string, client: string, message: EndedMessage) {
    await this.before('ended')
    this.ended_.push(message)
    this.calls.push({ call: 'ended', client, message })
  }

  names(): string[] {
    return this.calls.map(({ call }) => call)
  }
}

export interface TestControlPlane {
  readonly store: Store
  readonly workspace: WorkspaceStore
  readonly admin: { readonly email: string; readonly key: string }
  readonly listener: RecordingListener
  readonly hub: Hub
  readonly port: number
  readonly url: string
  /** Makes a user of the workspace with a key of its own. */
  user(email: string, role: 'admin' | 'employee' | 'standard'): Promise<{ email: string; key: string }>
  /** Stops taking agents, as a process that ends does. */
  stop(): Promise<void>
  /** Takes agents again, at the same port. */
  start(): Promise<void>
  close(): Promise<void>
}

export interface TestControlPlaneOptions extends Pick<HubOptions, 'timing' | 'volumeServed' | 'log'> {
  readonly volumePath?: string
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** A control plane as far as agents see it: real sockets, a real database, rights as they are. */
export async function testControlPlane(options: TestControlPlaneOptions = {}): Promise<TestControlPlane> {
  const database = await createSqlite()
  const { store } = database
  const email = 'admin@example.com'
  const made = await bootstrap(store, { admin: email, volumePath: options.volumePath ?? '' })
  const workspace = store.workspace(made.workspace)
  const listener = new RecordingListener()
  const authenticate = agentLogin(store, createAuthenticator(store), systemClock)
  let server: Server | TlsServer | undefined
  let hub: Hub | undefined
  let port = 0
  const running = (): Hub => {
    if (hub === undefined) throw new Error('The control plane is stopped')
    return hub
  }
  const plane: TestControlPlane = {
    store,
    workspace,
    admin: { email, key: made.apiKey ?? '' },
    listener,
    get hub() {
      return running()
    },
    get port() {
      return port
    },
    get url() {
      return `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
    },
    async user(email, role) {
      const { key } = await createKey(store, email)
      const by = { email: 'admin@example.com', now: Date.now() }
      await workspace.transaction((tx) => addUser(tx, workspace.id, { email, role }, by))
      return { email, key }
    },
    async start() {
      await resetPresence(store, Date.now())
      hub = createHub({ ...options, authenticate, listener })
      const made = options.tls === undefined ? createServer() : createTlsServer(options.tls)
      server = made
      hub.attach(made)
      await new Promise<void>((resolve, reject) => {
        made.once('error', reject)
        made.listen(port, '127.0.0.1', resolve)
      })
      // Safe: it listens on TCP, where an address is an object.
      port = (made.address() as AddressInfo).port
    },
    async stop() {
      const stopping = server
      await hub?.close()
      hub = undefined
      if (stopping === undefined) return
      await new Promise((resolve) => {
        stopping.close(resolve)
        stopping.closeAllConnections()
      })
    },
    async close() {
      await plane.stop()
      await database.drop()
    },
  }
  await plane.start()
  return plane
}

/** The headers that an agent of a user comes with. */
export function agentHeaders(user: { email: string; key: string }, workspace = 'studio') {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return {
    Authorization: `basic ${base64(user.email)}:${base64(user.key)}`,
    'X-Accsyn-Workspace': workspace,
    'X-Accsyn-Device': 'test',
  }
}

/** A sound hello, with what a test wants different. */
export function testHello(changes: Record<string, unknown> = {}) {
  return {
    type: 'hello',
    protocol: controlProtocol,
    agent: 'app',
    hostname: 'edit-1',
    machine: randomUUID(),
    os: 'linux',
    username: 'lisa',
    version: '0.1.0',
    addresses: ['192.168.1.5', '127.0.0.1'],
    sessions: [],
    ...changes,
  }
}
