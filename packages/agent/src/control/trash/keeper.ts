import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FilePlane } from '../../files/file-plane.js'
import type { Log } from '../session-engine.js'
import { readState, type TrashState, writeState } from './state.js'

const hour = 3_600_000
const day = 24 * hour
/** Between two looks at everything. */
const lookEvery = hour
/** Time without the agent that counts at most: longer ones may be a clock that was set. */
const mostAway = 3 * day
/** Milliseconds that the last work gets when the agent stops. */
const farewell = 2000
/** Roots that are remembered. */
const mostRoots = 1000

export interface Clocks {
  /** The date, as the system believes it to be. */
  wall(): number
  /** Milliseconds that nobody can set. */
  steady(): number
}

const clocks: Clocks = { wall: () => Date.now(), steady: () => performance.now() }

/**
 * Empties the trash of the roots that this agent serves: folders go when they are as old as they were to become.
 *
 * Their age is not taken from their dates, since clocks are wrong at times: it is the time that this agent has
 * known them. While it runs that is a clock that nobody sets; over a restart it is the date, three days at most,
 * and never backwards. So no jump of a clock empties a trash, and what it does not know it keeps longer.
 */
export class TrashKeeper {
  readonly #file: string
  readonly #files: Pick<FilePlane, 'trashOf' | 'clearTrash'>
  readonly #log: Log
  readonly #clocks: Clocks
  readonly #state: TrashState
  #since: number
  #work: Promise<void> = Promise.resolve()
  #looks = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  private constructor(
    file: string,
    { files, log, clocks }: { files: Pick<FilePlane, 'trashOf' | 'clearTrash'>; log: Log; clocks: Clocks },
    state: TrashState,
  ) {
    this.#file = file
    this.#files = files
    this.#log = log
    this.#clocks = clocks
    this.#state = state
    this.#since = clocks.steady()
  }

  /** Reads what was remembered in a state directory. What cannot be read counts as forgotten: all is kept longer. */
  static async load(
    directory: string,
    files: Pick<FilePlane, 'trashOf' | 'clearTrash'>,
    log: Log,
    by: Clocks = clocks,
  ): Promise<TrashKeeper> {
    const file = join(directory, 'trash.json')
    const read = await readState(file)
    const state = read ?? { watched: 0, written: by.wall(), roots: new Map() }
    state.watched += Math.min(mostAway, Math.max(0, by.wall() - state.written))
    return new TrashKeeper(file, { files, log, clocks: by }, state)
  }

  /** Looks from time to time until `close`. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), lookEvery).unref()
    void this.look()
  }

  /** Something is going to the trash of this root. */
  use(root: string): void {
    const { roots } = this.#state
    const known = roots.get(root)
    if (known !== undefined) {
      known.used = this.#watched()
      return
    }
    if (roots.size >= mostRoots) this.#forgetOldest()
    roots.set(root, { used: this.#watched(), seen: new Map<string, number>() })
    void this.#queue(() => this.#write())
  }

  /** Goes through all trash that is known. Never rejects; calls while one waits are one. */
  look(): Promise<void> {
    if (this.#looks > 0) return this.#work
    this.#looks++
    return this.#queue(async () => {
      this.#looks--
      for (const root of [...this.#state.roots.keys()]) await this.#lookAt(root)
      await this.#write()
    })
  }

  /** The disk of a root is full: its oldest folder goes before its time, but never one of today's. */
  makeRoom(root: string): Promise<void> {
    return this.#queue(async () => {
      const folders = await this.#list(root)
      const [oldest] = folders.map(({ name }) => name).sort()
      const today = new Date(this.#clocks.wall()).toISOString().slice(0, 10)
      if (oldest === undefined || oldest.startsWith(today)) return
      this.#log('warning', `No space is left in ${root}: its trash of ${oldest} goes early`)
      await this.#clear(root, oldest)
    })
  }

  /** Ends; resolves when what is under way has ended, or its storage does not answer. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await Promise.race([this.#work, sleep(farewell, undefined, { ref: false })])
  }

  private isClosed(): boolean {
    return this.#closed
  }

  async #lookAt(root: string): Promise<void> {
    const known = this.#state.roots.get(root)
    if (known === undefined || this.isClosed()) return
    const seen = new Map<string, number>()
    for (const { name, days } of await this.#list(root)) {
      const watched = this.#watched()
      const since = known.seen.get(name) ?? watched
      seen.set(name, since)
      if (this.isClosed() || watched - since < days * day) continue
      this.#log('info', `The trash of ${name} in ${root} has had its ${days} days`)
      if (await this.#clear(root, name)) seen.delete(name)
    }
    known.seen = seen
    // A sync that was told of may make its folder yet.
    if (seen.size === 0 && this.#watched() - known.used > day) this.#state.roots.delete(root)
  }

  async #list(root: string): ReturnType<FilePlane['trashOf']> {
    try {
      return await this.#files.trashOf(root)
    } catch (error) {
      // It is as it was. A root that never had any trash, such as a single file's, need not even be there.
      const seen = this.#state.roots.get(root)?.seen ?? new Map<string, number>()
      if (seen.size > 0) this.#complain(root, error)
      return [...seen.keys()].map((name) => ({ name, days: Number.POSITIVE_INFINITY }))
    }
  }

  async #clear(root: string, folder: string): Promise<boolean> {
    try {
      for (;;) {
        if ((await this.#files.clearTrash(root, folder)).done) return true
        // What is left goes after the next start.
        if (this.isClosed()) return false
      }
    } catch (error) {
      this.#complain(root, error)
      return false
    }
  }

  #complain(root: string, error: unknown): void {
    this.#log('warning', `The trash in ${root}: ${error instanceof Error ? error.message : String(error)}`)
  }

  #watched(): number {
    const now = this.#clocks.steady()
    this.#state.watched += Math.max(0, now - this.#since)
    this.#since = now
    return this.#state.watched
  }

  #forgetOldest(): void {
    const [oldest] = [...this.#state.roots].sort(([, a], [, b]) => a.used - b.used)
    if (oldest !== undefined) this.#state.roots.delete(oldest[0])
  }

  async #write(): Promise<void> {
    this.#watched()
    this.#state.written = this.#clocks.wall()
    await writeState(this.#file, this.#state)
  }

  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#log(
        'error',
        `The trash cannot be kept: ${error instanceof Error ? error.message : String(error)}`,
      )
    })
    return this.#work
  }
}
