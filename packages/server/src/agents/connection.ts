import type { IncomingHttpHeaders } from 'node:http'
import { controlProtocol, toWaybillError, WaybillError } from '@waybill/api'
import type { WebSocket } from 'ws'
import type { HubListener, ProgressMessage, SessionRef } from './hub.js'
import type { InTurn } from './in-turn.js'
import { type AgentMessage, closeCodes, Line } from './line.js'
import type { Hello, Login } from './register.js'
import type { HubTiming } from './timing.js'

/** Messages that may wait for the listener; agents hold back long before, so more is an attack. */
const maxWaiting = 5000

/** What a connection needs of the hub. */
export interface Patron {
  readonly timing: HubTiming
  readonly listener: HubListener | undefined
  readonly calls: InTurn
  readonly log: (message: string, error?: unknown) => void
  greet(connection: Connection, hello: Hello): Promise<void>
  leave(connection: Connection): void
}

/** A line from its first message on: introduces its agent, then passes what it says to the listener in order. */
export class Connection {
  readonly line: Line
  readonly ended: Promise<void>
  /** Once it is registered. */
  client: string | undefined
  metrics: Readonly<Record<string, number>> | undefined
  private greeted = false
  /** The listener failed: what this line said after must not be heard before what it missed. */
  private broken = false
  private waiting = 0
  /** The latest progress of each session that the listener was not told yet. */
  private readonly progress = new Map<string, ProgressMessage>()

  constructor(
    socket: WebSocket,
    readonly login: Login,
    readonly headers: IncomingHttpHeaders,
    /** Address that the agent is seen at. */
    readonly seen: string,
    private readonly hub: Patron,
  ) {
    let over: () => void = () => undefined
    this.ended = new Promise((resolve) => {
      over = resolve
    })
    const hello = setTimeout(() => {
      if (!this.greeted) this.line.close(closeCodes.noHello, 'no hello')
    }, hub.timing.hello)
    this.line = new Line(socket, hub.timing, {
      message: (message) => this.receive(message),
      closed: () => {
        clearTimeout(hello)
        hub.leave(this)
        over()
      },
    })
  }

  /** After `prepare`, tells the listener and then the agent that it is registered. */
  welcome(client: string, sessions: readonly SessionRef[], prepare: () => Promise<void>): void {
    this.tell(client, 'its sessions', async (listener) => {
      await prepare()
      const drop = (await listener?.connected(this.login.workspace.id, client, sessions)) ?? []
      this.line.send({ type: 'welcome', client, workspace: this.login.workspace.code, drop: [...drop] })
    })
  }

  private receive(message: AgentMessage): void {
    if (message.type === 'heartbeat') {
      this.metrics = message.metrics
    } else if (message.type === 'hello') {
      if (this.greeted) this.line.close(closeCodes.badMessage, 'a second hello')
      else void this.introduce(message)
      this.greeted = true
    } else if (this.client === undefined) {
      this.line.close(closeCodes.badMessage, 'not registered yet')
    } else {
      this.report(this.client, message)
    }
  }

  private async introduce(hello: Hello): Promise<void> {
    try {
      if (hello.protocol !== controlProtocol) {
        const words = `This server speaks protocol ${controlProtocol}, the agent ${hello.protocol}: update the older`
        throw new WaybillError('bad_request', words)
      }
      await this.hub.greet(this, hello)
    } catch (thrown) {
      const error = toWaybillError(thrown)
      if (error.code === 'internal') this.hub.log('An agent could not be registered', thrown)
      const words =
        error.code === 'internal' ? 'Internal error; the log of the server has more' : error.message
      this.line.refuse(new WaybillError(error.code, words))
    }
  }

  private report(client: string, message: Exclude<AgentMessage, Hello | { type: 'heartbeat' }>): void {
    const workspace = this.login.workspace.id
    const { session, lease } = message
    if (message.type === 'session.progress') {
      const waits = this.progress.has(session)
      this.progress.set(session, message)
      if (waits) return
    }
    this.tell(client, message.type, async (listener) => {
      if (message.type === 'session.progress') {
        const latest = this.progress.get(session) ?? message
        this.progress.delete(session)
        await listener?.progress(workspace, client, latest)
        return
      }
      if (message.type === 'session.results') await listener?.results(workspace, client, message)
      else if (message.type === 'session.manifest') await listener?.manifest(workspace, client, message)
      else await listener?.ended(workspace, client, message)
      this.line.send({ type: 'ack', session, lease, seq: message.seq })
    })
  }

  private tell(
    client: string,
    what: string,
    call: (listener: HubListener | undefined) => Promise<void>,
  ): void {
    this.waiting += 1
    if (this.waiting > maxWaiting) this.line.close(closeCodes.flood, 'too many messages')
    void this.hub.calls.run(client, async () => {
      this.waiting -= 1
      if (this.broken) return
      try {
        await call(this.hub.listener)
      } catch (error) {
        this.broken = true
        this.hub.log(
          `What client ${client} reported (${what}) could not be dealt with; it will say it again`,
          error,
        )
        this.line.close(closeCodes.internal, 'internal error')
      }
    })
  }
}
