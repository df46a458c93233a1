// @ts-check
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../packages/cli/bin/waybill.js', import.meta.url))

/** @typedef {{ user: string, key: string, server: string, workspace: string, fingerprint: string }} Identity */

/** Everything that was started and has not ended. */
const running = new Set()

/** The environment of a command: nothing of the caller's own installation, and who it acts as. */
function environment(/** @type {Identity | undefined} */ as) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(WAYBILL|ACCSYN)_/.test(name))
  const mine = as && {
    WAYBILL_SERVER: as.server,
    WAYBILL_WORKSPACE: as.workspace,
    WAYBILL_USER: as.user,
    WAYBILL_API_KEY: as.key,
    WAYBILL_FINGERPRINT: as.fingerprint,
  }
  return { ...Object.fromEntries(kept), ...mine }
}

/**
 * A `waybill` process. With `shown` it writes straight to this terminal, so that bars are drawn; otherwise its
 * output is kept.
 */
export class Waybill {
  /**
   * @param {string[]} args
   * @param {{ as?: Identity, shown?: boolean }} [options]
   */
  constructor(args, { as, shown = false } = {}) {
    this.name = `waybill ${args[0]}`
    this.stdout = ''
    this.output = ''
    this.child = spawn(process.execPath, [launcher, ...args], {
      env: environment(as),
      stdio: shown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    })
    running.add(this)
    this.child.stdout?.on('data', (data) => {
      this.stdout += data
      this.output += data
    })
    this.child.stderr?.on('data', (data) => {
      this.output += data
    })
    /** @type {Promise<number | NodeJS.Signals>} */
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        running.delete(this)
        resolve(signal ?? code ?? 1)
      })
    })
  }

  /** Waits until its output contains a text. */
  async says(/** @type {string} */ text) {
    const over = this.ended.then((how) => {
      throw new Error(`${this.name} ended with ${how} before it said "${text}":\n${this.output}`)
    })
    over.catch(() => undefined)
    while (!this.output.includes(text)) await Promise.race([over, new Promise((go) => setTimeout(go, 20))])
  }

  /** Waits for its end, which must have gone well. */
  async done() {
    const how = await this.ended
    if (how !== 0) throw new Error(`${this.name} ended with ${how}\n${this.output}`)
    return this.stdout
  }

  async kill() {
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** Asks it to end, which must go well. */
  async stop() {
    this.child.kill('SIGTERM')
    await this.done()
  }
}

/** Runs a command to its end; answers with what it printed. */
export async function waybill(
  /** @type {string[]} */ args,
  /** @type {{ as?: Identity, shown?: boolean }} */ options = {},
) {
  return new Waybill(args, options).done()
}

/** Kills whatever still runs; answers with what each of them said. */
export async function killAll() {
  const left = [...running]
  for (const one of left) await one.kill()
  return left.map((one) => `--- ${one.name}\n${one.output.split('\n').slice(-20).join('\n')}`)
}
