import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '../../access/credentials.js'
import { connectedMessage } from './parent-channel.js'

export interface StorageAgentOptions {
  readonly state: string
  readonly log: (line: string) => void
  /** The script that is started; the `waybill` launcher unless a test brings its own. */
  readonly script?: string
}

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
  #credentials: Credentials | undefined
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

  /** Starts the process, which makes itself ready and waits for `connect`. */
  start(): void {
    const { state, log, script = launcher } = this.#options
    const args = [script, 'agent', '--type', 'server', '--state', state, '--from-parent']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
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
    this.#introduce()
  }

  /** Tells it which server to connect to, and as whom; also each time that it is started again. */
  connect(credentials: Credentials): void {
    this.#credentials = credentials
    this.#introduce()
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

  #introduce(): void {
    const child = this.#child
    // A failure means that it has just died; the next one is told at its start.
    if (this.#credentials !== undefined && child?.connected === true)
      child.send(this.#credentials, () => undefined)
  }

  #restart(how: string): void {
    this.#options.log(`ended (${how}); starts again in ${this.#delay / 1000} s`)
    this.#timer = setTimeout(() => this.start(), this.#delay)
    this.#delay = Math.min(this.#delay * 2, longestDelayMs)
  }
}
