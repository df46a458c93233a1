import { type ChildProcess, spawn } from 'node:child_process'
import { living } from './living.js'
import { forgetGroup, reapGroup } from './reaper.js'
import { waitFor } from './wait.js'

const keptOutput = 256 * 1024
const running = new Set<ManagedProcess>()

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface StartOptions {
  /** How it is called in failures. */
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A real process in a group of its own, whose output is kept and whose end is certain. */
export class ManagedProcess {
  readonly name: string
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Set once it has ended. */
  exit: Exit | undefined
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[], options: StartOptions) {
    this.name = options.name
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...quietEnvironment(), ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    if (child.pid === undefined) throw new Error(`${command} could not be started`)
    this.#child = child
    this.pid = child.pid
    living.add(this)
    running.add(this)
    reapGroup(this.pid)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-keptOutput)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-keptOutput)
    })
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.exit = { code, signal }
        living.delete(this)
        running.delete(this)
        // What it started may have outlived it.
        signalGroup(this.pid, 'SIGKILL')
        forgetGroup(this.pid)
        resolve(this.exit)
      })
    })
  }

  get output(): string {
    return `${this.stdout}${this.stderr}`
  }

  /** Waits until `pattern` was printed. */
  async printed(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    return waitFor(() => this.output.match(pattern) ?? undefined, {
      what: `${this.name} to print ${pattern}`,
      timeoutMs,
    })
  }

  /** Sends a signal to the process alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** kill -9 of the whole group, as a power cut would. */
  async kill(): Promise<void> {
    if (this.exit === undefined) signalGroup(this.pid, 'SIGKILL')
    await this.exited
  }

  /** SIGTERM, and waits for the end; kills and fails when none comes. */
  async terminate(timeoutMs = 20_000): Promise<Exit> {
    if (this.exit === undefined) this.#child.kill('SIGTERM')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs)
    })
    const exit = await Promise.race([this.exited, late])
    clearTimeout(timer)
    if (exit !== undefined) return exit
    const said = this.describe()
    await this.kill()
    throw new Error(`${this.name} did not end ${timeoutMs} ms after SIGTERM\n${said}`)
  }

  describe(lines = 30): string {
    const state = this.exit === undefined ? `running, pid ${this.pid}` : JSON.stringify(this.exit)
    const tail = this.output.trimEnd().split('\n').slice(-lines).join('\n')
    return `--- ${this.name} (${state})\n${tail}`
  }
}

/** Kills whatever still runs. */
export async function killAllProcesses(): Promise<void> {
  await Promise.all([...running].map((one) => one.kill()))
}

/** The environment without anything that would point a command at another installation. */
function quietEnvironment(): Record<string, string> {
  const kept: Record<string, string> = { NO_COLOR: '1' }
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || /^(WAYBILL|ACCSYN|AS|VITEST|FORCE_COLOR|NODE_ENV|NODE_OPTIONS)/.test(name))
      continue
    kept[name] = value
  }
  return kept
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Gone already.
  }
}

process.once('exit', () => {
  for (const one of running) signalGroup(one.pid, 'SIGKILL')
})
