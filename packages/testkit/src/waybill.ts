import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './ports.js'
import { type Exit, ManagedProcess } from './processes.js'
import { tempDirectory } from './temp.js'
import { waitFor } from './wait.js'
import { isJson, WireClient } from './wire-client.js'

/** The command as users have it after a build. */
export const launcher = fileURLToPath(new URL('../../cli/bin/waybill.js', import.meta.url))

/** What the first start leaves in `credentials.json`. */
export interface Credentials {
  readonly url: string
  readonly http_url: string
  readonly workspace: string
  readonly user: string
  readonly api_key: string
  readonly fingerprint: string
}

export interface PlaneOptions {
  /** `up` brings a storage agent along, `serve` is the control plane alone. */
  readonly command?: 'up' | 'serve'
  readonly data?: string
  /** A free one unless given. */
  readonly httpPort?: number
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A control plane as a process, and how to talk to it. It keeps its ports over restarts. */
export class ControlPlane {
  readonly data: string
  readonly port: number
  readonly httpPort: number
  process: ManagedProcess
  readonly #options: PlaneOptions

  private constructor(options: PlaneOptions, data: string, port: number, httpPort: number) {
    this.#options = options
    this.data = data
    this.port = port
    this.httpPort = httpPort
    this.process = this.#spawn()
  }

  /** Starts one in a fresh directory unless `data` is given, and waits until it answers. */
  static async start(options: PlaneOptions = {}): Promise<ControlPlane> {
    const data = options.data ?? tempDirectory('data')
    const plane = new ControlPlane(options, data, await freePort(), options.httpPort ?? (await freePort()))
    await plane.ready()
    return plane
  }

  get credentials(): Credentials {
    return readCredentials(join(this.data, 'credentials.json'))
  }

  /** The directory of the default volume, with `up`. */
  get storage(): string {
    return join(this.data, 'storage')
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** The admin of the first start, over plain HTTP. */
  get admin(): WireClient {
    const { workspace, user, api_key } = this.credentials
    return new WireClient({ url: this.httpUrl, workspace, user, apiKey: api_key })
  }

  as(user: string, apiKey: string): WireClient {
    return new WireClient({ url: this.httpUrl, workspace: this.credentials.workspace, user, apiKey })
  }

  /** Waits until it answers, and with `up` until its storage is served. */
  async ready(): Promise<void> {
    const { process } = this
    await waitFor(
      async () => {
        if (process.exit !== undefined) return true
        const { admin } = this
        await admin.login()
        if (this.#options.command === 'serve') return true
        const [volume] = await admin.find('volume', 'code=storage')
        return volume?.status === 'enabled'
      },
      { what: `${process.name} to be ready` },
    )
    if (process.exit !== undefined) throw new Error(`It ended at once:\n${process.describe()}`)
  }

  /** Starts it again after a stop or kill. */
  async restart(): Promise<void> {
    this.process = this.#spawn()
    await this.ready()
  }

  async kill(): Promise<void> {
    await this.process.kill()
  }

  async stop(): Promise<Exit> {
    return this.process.terminate()
  }

  /** Runs `waybill` with the given words against this control plane, as its admin. */
  async command(args: readonly string[], options: { user?: string; apiKey?: string } = {}): Promise<Ran> {
    const { workspace, user, api_key, fingerprint } = this.credentials
    return runWaybill(args, {
      WAYBILL_SERVER: this.url,
      WAYBILL_WORKSPACE: workspace,
      WAYBILL_USER: options.user ?? user,
      WAYBILL_API_KEY: options.apiKey ?? api_key,
      WAYBILL_FINGERPRINT: fingerprint,
    })
  }

  /** A new API key for an account, as `waybill key create` prints it. */
  async createKey(email: string): Promise<string> {
    const ran = await runWaybill(['key', 'create', email, '--data', this.data])
    if (ran.code !== 0) throw new Error(`key create: ${ran.stderr}`)
    return ran.stdout.trim()
  }

  /** Makes an account a member and gives it a key. */
  async addUser(email: string, role: 'admin' | 'employee' | 'standard'): Promise<WireClient> {
    await this.admin.create('user', { code: email, role })
    return this.as(email, await this.createKey(email))
  }

  #spawn(): ManagedProcess {
    const { command = 'up', args = [], env = {} } = this.#options
    return startWaybill(
      command,
      [
        command,
        '--data',
        this.data,
        '--port',
        String(this.port),
        '--http-port',
        String(this.httpPort),
        '--host',
        '127.0.0.1',
        ...args,
      ],
      // Tests ask faster than people and scripts do.
      { WAYBILL_LIMITS: 'request_rate=5000,request_burst=10000', ...env, HOME: this.data },
    )
  }
}

export interface AgentOptions {
  readonly plane: ControlPlane
  readonly name: string
  /** The admin unless given. */
  readonly user?: WireClient
  readonly type?: 'app' | 'userserver' | 'server'
  readonly state?: string
  /** Where it finds the control plane, when that is not the plane's own address. */
  readonly server?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Words before the command, as of a program that runs it on another host or with fewer rights. */
  readonly before?: readonly string[]
}

/** An endpoint as a process. It keeps its identity over restarts. */
export class Agent {
  readonly name: string
  readonly state: string
  process: ManagedProcess
  readonly #options: AgentOptions

  constructor(options: AgentOptions) {
    this.#options = options
    this.name = options.name
    this.state = options.state ?? tempDirectory('agent')
    this.process = this.#spawn()
  }

  /** Starts one and waits until the control plane shows it online. */
  static async start(options: AgentOptions): Promise<Agent> {
    const agent = new Agent(options)
    await agent.online()
    return agent
  }

  /** Waits until the control plane shows it online; answers with its client id. */
  async online(): Promise<string> {
    const { process } = this
    const found = await waitFor(
      async () => {
        if (process.exit !== undefined) throw new Error(process.describe())
        const clients = await this.#options.plane.admin.find(
          'client',
          `code="${this.name}" and status=online`,
        )
        return clients[0]
      },
      { what: `agent ${this.name} to be online` },
    )
    return found.id
  }

  async restart(): Promise<void> {
    this.start()
    await this.online()
  }

  /** Starts it again without waiting. */
  start(): void {
    this.process = this.#spawn()
  }

  async kill(): Promise<void> {
    await this.process.kill()
  }

  async stop(): Promise<Exit> {
    return this.process.terminate()
  }

  /** `EMAIL@NAME:PATH`, as a source or destination. */
  at(path: string): string {
    const { plane, user = plane.admin } = this.#options
    return `${user.access.user}@${this.name}:${path}`
  }

  #spawn(): ManagedProcess {
    const { plane, user = plane.admin, type = 'app', args = [], env = {}, before } = this.#options
    const { workspace, fingerprint } = plane.credentials
    return startWaybill(
      `agent ${this.name}`,
      [
        'agent',
        '--server',
        this.#options.server ?? plane.url,
        '--workspace',
        workspace,
        '--user',
        user.access.user,
        '--api-key',
        user.access.apiKey,
        '--type',
        type,
        '--name',
        this.name,
        '--state',
        this.state,
        '--fingerprint',
        fingerprint,
        ...args,
      ],
      { ...env, HOME: this.state },
      before,
    )
  }
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `waybill` to its end. */
export async function runWaybill(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const running = startWaybill(`waybill ${args.join(' ')}`, args, env)
  const { code } = await running.exited
  return { code, stdout: running.stdout, stderr: running.stderr }
}

/** Starts `waybill` and leaves it running; `before` are words before the command. */
export function startWaybill(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  before: readonly string[] = [],
): ManagedProcess {
  const [command = process.execPath, ...rest] = [...before, process.execPath, launcher, ...args]
  return new ManagedProcess(command, rest, { name, env })
}

function readCredentials(path: string): Credentials {
  const json: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const part = (name: string): string => {
    const value = isJson(json) ? json[name] : undefined
    if (typeof value !== 'string') throw new Error(`${path} has no ${name}`)
    return value
  }
  return {
    url: part('url'),
    http_url: part('http_url'),
    workspace: part('workspace'),
    user: part('user'),
    api_key: part('api_key'),
    fingerprint: part('fingerprint'),
  }
}
