import { setTimeout as sleep } from 'node:timers/promises'
import { type AgentType, controlProtocol, heartbeatSeconds, type ToAgent } from '@waybill/api'
import type { FilePlane } from '../files/file-plane.js'
import { version } from '../version.js'
import { defaultName, metrics, osName, ownAddresses, userName } from './host.js'
import { backoff } from './line/backoff.js'
import { ControlLine } from './line/control-line.js'
import { dial, type Target } from './line/dial.js'
import { checkTrust } from './line/trust.js'
import { oneLine } from './log.js'
import { answer } from './requests.js'
import type { Log } from './session-engine.js'
import type { Sessions } from './sessions/sessions.js'
import type { Identity } from './state/identity.js'

export interface AgentSetup {
  readonly url: URL
  readonly workspace: string
  readonly user: string
  readonly apiKey: string
  readonly type: AgentType
  readonly name: string | undefined
  readonly fingerprint: string | undefined
  readonly ports: readonly [number, number] | undefined
  readonly log: Log
  readonly identity: Identity
  /** Milliseconds between heartbeats. */
  readonly heartbeat?: number
}

/** Milliseconds that sessions and their last reports get when the agent stops. */
const farewell = 2000

/** Keeps the line to the control plane up for as long as the agent runs. */
export class Agent {
  /** Resolves when the control plane has welcomed this agent for the first time. */
  readonly welcomed: Promise<void>
  private readonly name: string
  private readonly target: Target
  private readonly stopping = new AbortController()
  private line: ControlLine | undefined
  private trouble: string | undefined
  private outage = { since: performance.now(), attempts: 0 }
  private resolveWelcomed: () => void = () => undefined

  constructor(
    private readonly setup: AgentSetup,
    private readonly sessions: Sessions,
    private readonly files: FilePlane,
  ) {
    this.name = setup.name ?? defaultName()
    this.welcomed = new Promise((resolve) => {
      this.resolveWelcomed = resolve
    })
    this.target = this.makeTarget()
  }

  /** Connects, and connects again, until `stop`. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.stopping
    while (!this.isStopping()) {
      try {
        const { socket, address } = await dial(this.target, signal)
        await this.converse(new ControlLine(socket, this.heartbeat, this.lineEvents(), address))
      } catch (error) {
        if (!this.isStopping()) this.complain(error instanceof Error ? error.message : String(error))
      }
      this.outage.attempts += 1
      const pause = backoff(performance.now() - this.outage.since, this.outage.attempts)
      await sleep(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Stops the sessions, tells what there is to tell, and closes the line. */
  async stop(): Promise<void> {
    if (this.isStopping()) return
    await this.sessions.close(farewell)
    this.files.close()
    this.stopping.abort()
    const { line } = this
    if (line === undefined) return
    line.close()
    await Promise.race([line.closed, sleep(1000)])
    line.terminate('the agent stops')
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted
  }

  private get heartbeat(): number {
    return this.setup.heartbeat ?? heartbeatSeconds * 1000
  }

  private lineEvents() {
    return { message: (message: ToAgent) => this.receive(message), metrics }
  }

  private async converse(line: ControlLine): Promise<void> {
    this.line = line
    if (this.isStopping()) line.close()
    line.send({
      type: 'hello',
      protocol: controlProtocol,
      agent: this.setup.type,
      hostname: this.name,
      machine: this.setup.identity.machine,
      os: osName(),
      username: userName(),
      version,
      addresses: ownAddresses(),
      sessions: this.sessions.list().slice(0, 10_000),
    })
    const why = await line.closed
    this.line = undefined
    this.sessions.detach()
    if (!this.isStopping()) this.complain(`No line to the server: ${why}`)
  }

  private receive(message: ToAgent): void {
    const { line } = this
    switch (message.type) {
      case 'welcome':
        this.setup.log('info', `Connected to ${this.target.server} as ${this.name}, client ${message.client}`)
        this.trouble = undefined
        this.outage = { since: performance.now(), attempts: 0 }
        if (line !== undefined) this.sessions.attach((report) => line.send(report), message.drop)
        this.resolveWelcomed()
        break
      case 'refused':
        break
      case 'request':
        void answer(message, this.sessions, this.setup, this.files).then((reply) => line?.send(reply))
        break
      default:
        this.sessions.handle(message)
    }
  }

  /** Says what is wrong once, not with each of the attempts that it spoils. */
  private complain(words: string): void {
    if (this.outage.attempts === 0) this.outage.since = performance.now()
    if (words === this.trouble) return
    this.trouble = words
    this.setup.log('warning', `${words} (trying again)`)
  }

  private makeTarget(): Target {
    const { url, user, apiKey, workspace, fingerprint, identity, log } = this.setup
    const server = `${url.hostname}:${url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port}`
    if (url.protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(url.hostname)) {
      log('warning', `The line to ${server} is not encrypted: use https, the API key goes over it`)
    }
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    return {
      url,
      server,
      headers: {
        Authorization: `basic ${base64(user)}:${base64(apiKey)}`,
        'X-Accsyn-Workspace': workspace,
        'X-Accsyn-Device': oneLine(`waybill-agent ${version} (${osName()}) ${encodeURIComponent(this.name)}`),
      },
      trust: (shown, verified) => checkTrust({ server, fingerprint: shown, verified }, fingerprint, identity),
    }
  }
}
