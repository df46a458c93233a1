import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface StorageAgentOptions {
  readonly server: string
  readonly workspace: string
  readonly user: string
  readonly apiKey: string
  readonly fingerprint: string
  readonly state: string
  readonly log: (line: string) => void
  /** The script that is started; the `waybill` launcher unless a test brings its own. */
  readonly script?: string
}

/** What an agent tells the process that started it, over the channel between the two. */
export const connectedMessage = 'connected'

const launcher = fileURLToPath(new URL('../../../bin/waybill.js', import.meta.url))
const firstDelayMs = 500
const longestDelayMs = 30_000
const stopMs = 10_000

/**
 * The storage agent as a process of its own, so that its work never delays the control plane. It is started again
 * when it dies, and it ends when its parent does, however that ends.
 */
export class StorageAgent {
  /** Resolves when it has registered for the first time. */
  readonly connected: Promise<void>
  readonly #options: StorageAgentOptions
  #onConnected: () => void = () => undefined
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #delay = firstDelayMs
  #stopping = false

  constructor(options: StorageAgentOptions) {
    this.#options = options
    this.connected = new Promise((resolve) => {
      this.#onConnected = resolve
    })
  }

  start(): void {
    const { server, workspace, user, apiKey, fingerprint, state, log, script = launcher } = this.#options
    const child = spawn(process.execPath, [script, 'agent', '--type', 'server', '--state', state], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Not as arguments: those everybody on the machine can read.
      env: {
        ...process.env,
        WAYBILL_SERVER: server,
        WAYBILL_WORKSPACE: workspace,
        WAYBILL_USER: user,
        WAYBILL_API_KEY: apiKey,
        WAYBILL_FINGERPRINT: fingerprint,
      },
    })
    this.#child = child
    for (const output of [child.stdout, child.stderr])
      if (output !== null) createInterface({ input: output }).on('line', log)
    child.on('message', (message) => {
      if (message !== connectedMessage) return
      this.#delay = firstDelayMs
      this.#onConnected()
    })
    this.#exited = new Promise((resolve) => {
      let over = false
      const end = (how: string): void => {
        if (over) return
        over = true
        resolve()
        if (!this.#stopping) this.#restart(how)
      }
      child.once('error', (error) => end(error.message))
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code ?? 'unknown'}`))
    })
  }

  /** Asks it to end, and makes it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    this.#child?.kill('SIGTERM')
    const force = setTimeout(() => this.#child?.kill('SIGKILL'), stopMs)
    await this.#exited
    clearTimeout(force)
  }

  #restart(how: string): void {
    this.#options.log(`ended (${how}); starts again in ${this.#delay / 1000} s`)
    this.#timer = setTimeout(() => this.start(), this.#delay)
    this.#delay = Math.min(this.#delay * 2, longestDelayMs)
  }
}
