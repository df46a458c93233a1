import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  controlPath,
  type RequestArgs,
  type RequestName,
  type RequestResult,
  type ToAgent,
  toWaybillError,
  WaybillError,
} from '@waybill/api'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Clock, systemClock } from '../context.js'
import { plainAddress } from './addresses.js'
import { checkVolumes } from './check-volumes.js'
import { claimVolumes } from './claim-volumes.js'
import { Connection, type Patron } from './connection.js'
import type { AgentHub, HubListener } from './hub.js'
import { InTurn } from './in-turn.js'
import { closeCodes, gone, socketOptions } from './line.js'
import { keepMetrics, writeCheckIns, writeOffline } from './presence.js'
import { refuseUpgrade } from './refusal.js'
import { findClient, type Hello, identityOf, type Login, register } from './register.js'
import { type HubTiming, hubTiming } from './timing.js'

/** Proves who opens a line by the same headers as a call of the API; rejects with a WaybillError. */
export type Authenticate = (headers: IncomingHttpHeaders, remoteAddress: string) => Promise<Login>

export interface HubOptions {
  readonly authenticate: Authenticate
  /** May be given later, with `listen`; until then nobody is told. */
  readonly listener?: HubListener
  readonly clock?: Clock
  readonly log?: (message: string, error?: unknown) => void
  /** A server took on a volume that nobody served, or lost the directory of one, or has it back. */
  readonly volumeServed?: (workspace: string, volume: string) => void
  readonly timing?: Partial<HubTiming>
  /** The other end of a connection has logged in. */
  readonly loggedIn?: (socket: Socket) => void
}

export interface Hub extends AgentHub {
  listen(listener: HubListener): void
  /** Takes the agents' lines of an HTTP or HTTPS server. May be called for several. */
  attach(server: Server | TlsServer): void
  /**
   * Closes every line and shows the clients as offline. The listener is not told: to it, and to the agents, a
   * stop is as good as a crash, after which everything is asked anew.
   */
  close(): Promise<void>
}

/** Makes the hub that agents connect to. Its promises are those of AgentHub and HubListener. */
export function createHub(options: HubOptions): Hub {
  return new SocketHub(options)
}

class SocketHub implements Hub, Patron {
  readonly timing: HubTiming
  readonly log: (message: string, error?: unknown) => void
  listener: HubListener | undefined
  /** What the listener is told, and the database of presence, client by client. */
  readonly calls = new InTurn()
  private readonly identities = new InTurn()
  private readonly clock: Clock
  private readonly sockets = new WebSocketServer(socketOptions)
  private readonly connections = new Set<Connection>()
  private readonly byClient = new Map<string, Connection>()
  private readonly servers = new Set<Server | TlsServer>()
  private readonly checkIns: NodeJS.Timeout
  private checkingIn = false
  private rootsChecked = 0
  private closed = false

  constructor(private readonly options: HubOptions) {
    this.timing = { ...hubTiming, ...options.timing }
    this.log = options.log ?? (() => undefined)
    this.listener = options.listener
    this.clock = options.clock ?? systemClock
    this.checkIns = setInterval(() => void this.checkIn(), this.timing.checkIn)
    this.checkIns.unref()
  }

  listen(listener: HubListener): void {
    this.listener = listener
  }

  isOnline(client: string): boolean {
    return this.byClient.get(client)?.line.isOpen() ?? false
  }

  async request<N extends RequestName>(
    client: string,
    name: N,
    args: RequestArgs<N>,
    { timeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<RequestResult<N>> {
    const connection = this.byClient.get(client)
    if (connection === undefined) throw gone()
    return await connection.line.request(name, args, timeoutMs)
  }

  send(client: string, message: ToAgent): boolean {
    const line = this.byClient.get(client)?.line
    const sent = line?.send(message) ?? false
    // Whoever is refused is gone, whether it heeds the word or not.
    if (message.type === 'refused') line?.close(closeCodes.refused, message.code)
    return sent
  }

  attach(server: Server | TlsServer): void {
    this.servers.add(server)
    server.on('upgrade', this.upgrade)
  }

  async close(): Promise<void> {
    this.closed = true
    clearInterval(this.checkIns)
    for (const server of this.servers) server.off('upgrade', this.upgrade)
    const open = [...this.connections]
    this.byClient.clear()
    for (const { line } of open) line.close(closeCodes.goingAway, 'the server is stopping')
    await within(Promise.all(open.map(({ ended }) => ended)), 500)
    for (const { line } of open) line.terminate()
    this.sockets.close()
    await within(Promise.all([this.identities.idle(), this.calls.idle()]), 2000)
    for (const [store, some] of byStore(open.filter((connection) => connection.client !== undefined))) {
      const clients = some.flatMap(({ client }) => client ?? [])
      await writeOffline(store, clients, this.clock.now()).catch((error: unknown) => {
        this.log('Clients could not be shown as offline', error)
      })
    }
  }

  /** Sockets at other paths are left to whoever else takes sockets of the server. */
  private readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== controlPath) return
    socket.on('error', () => socket.destroy())
    const seen = plainAddress(request.socket.remoteAddress ?? '') ?? ''
    this.options
      .authenticate(request.headers, seen)
      .then((login) => {
        if (this.closed) throw new WaybillError('unreachable', 'The server is stopping')
        this.options.loggedIn?.(request.socket)
        this.sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
          this.connections.add(new Connection(webSocket, login, request.headers, seen, this))
        })
      })
      .catch((thrown: unknown) => {
        const error = toWaybillError(thrown)
        if (error.code === 'internal') this.log('An agent could not be authenticated', thrown)
        const words = error.code === 'internal' ? 'Internal error' : error.message
        refuseUpgrade(socket, new WaybillError(error.code, words))
      })
  }

  /** An agent introduced itself: finds out whether it may have the client it asks for, and gives it that. */
  async greet(connection: Connection, hello: Hello): Promise<void> {
    const { login, line } = connection
    const identity = identityOf(login, hello)
    const key = [login.workspace.id, identity.user, identity.type, identity.code].join(' ')
    await this.identities.run(key, async () => {
      const known = await findClient(login.store.db, identity)
      if (known !== undefined) await this.challenge(known, hello)
      if (!line.isOpen() || this.closed) return
      const { client, site } = await register(login, identity, hello, connection.seen, this.clock.now())
      connection.client = client
      this.byClient.set(client, connection)
      // First, so that an agent that was welcomed serves what there is to serve.
      connection.welcome(client, hello.sessions, async () => {
        if (hello.agent !== 'server') return
        const claimed = site.main ? await this.claim(connection, client, site.id) : []
        await this.check([connection], claimed)
      })
      if (!line.isOpen()) this.leave(connection)
    })
  }

  /** Makes way for a newcomer where the line of a client is dead; throws `conflict` where it is alive. */
  private async challenge(client: string, hello: Hello): Promise<void> {
    const holder = this.byClient.get(client)
    if (holder === undefined) return
    if (await holder.line.alive(this.timing.challenge)) {
      throw new WaybillError(
        'conflict',
        `An agent named ${hello.hostname} is already connected for this user, from ${holder.seen}. ` +
          'Stop that one, or start this one under another name with --name and its own --state directory',
      )
    }
    holder.line.terminate()
    this.leave(holder)
  }

  leave(connection: Connection): void {
    this.connections.delete(connection)
    const { client, login } = connection
    if (client === undefined || this.byClient.get(client) !== connection) return
    this.byClient.delete(client)
    const listener = this.listener
    void this.calls.run(client, async () => {
      await listener?.disconnected(login.workspace.id, client).catch((error: unknown) => {
        this.log(`The end of the line of client ${client} could not be dealt with`, error)
      })
    })
    setTimeout(() => void this.fade(connection, client), this.timing.grace).unref()
  }

  /** The grace time is over: unless the agent came back, its client is shown as offline. */
  private async fade({ login }: Connection, client: string): Promise<void> {
    await this.calls.run(client, async () => {
      if (this.closed || this.byClient.has(client)) return
      await writeOffline(login.store, [client], this.clock.now()).catch((error: unknown) => {
        this.log(`Client ${client} could not be shown as offline`, error)
      })
    })
  }

  private async claim({ login }: Connection, client: string, site: string): Promise<readonly string[]> {
    const now = (): number => this.clock.now()
    try {
      const { served, failures } = await claimVolumes(login.store, this, client, site, now)
      for (const volume of served) this.options.volumeServed?.(login.workspace.id, volume)
      for (const failure of failures) this.log(failure)
      return served
    } catch (error) {
      this.log('Volumes without a server could not be looked up', error)
      return []
    }
  }

  /** Looks whether the directories of served volumes are there. */
  private async check(connections: readonly Connection[], but: readonly string[] = []): Promise<void> {
    try {
      for (const [store, some] of byStore(connections)) {
        const clients = some.flatMap(({ client }) => client ?? [])
        const changed = await checkVolumes(store, this, clients, () => this.clock.now(), but)
        for (const volume of changed) this.options.volumeServed?.(store.id, volume)
      }
    } catch (error) {
      this.log('Volumes could not be looked at', error)
    }
  }

  /** Writes down who was heard of, and closes the lines of those whose key or user is no longer good. */
  private async checkIn(): Promise<void> {
    if (this.checkingIn) return
    this.checkingIn = true
    try {
      const now = this.clock.now()
      for (const [store, some] of byStore([...this.byClient.values()])) {
        const rows = some.flatMap(({ client, metrics }) =>
          client === undefined
            ? []
            : { client, lastSeen: now, metrics: metrics === undefined ? undefined : keepMetrics(metrics) },
        )
        await writeCheckIns(store, rows)
      }
      for (const connection of [...this.byClient.values()]) await this.examine(connection)
      if (now - this.rootsChecked >= this.timing.roots) {
        this.rootsChecked = now
        await this.check([...this.byClient.values()])
      }
    } catch (error) {
      this.log('The last contacts of clients could not be written down', error)
    } finally {
      this.checkingIn = false
    }
  }

  private async examine({ login, headers, seen, line }: Connection): Promise<void> {
    try {
      const { caller } = await this.options.authenticate(headers, seen)
      if (caller.user === login.caller.user && caller.role === login.caller.role) return
      line.refuse(new WaybillError('forbidden', 'The rights of this user have changed; connect again'))
    } catch (thrown) {
      const error = toWaybillError(thrown)
      if (error.status === 401 || error.status === 403) line.refuse(error)
    }
  }
}

/** Waits for work, but not for ever: what hangs must not keep the server from stopping. */
async function within(work: Promise<unknown>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, patience)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function byStore(connections: readonly Connection[]): Map<Login['store'], Connection[]> {
  const stores = new Map<string, [Login['store'], Connection[]]>()
  for (const connection of connections) {
    const { store, workspace } = connection.login
    const some = stores.get(workspace.id)
    if (some === undefined) stores.set(workspace.id, [store, [connection]])
    else some[1].push(connection)
  }
  return new Map(stores.values())
}
