import type { OpenResult, SessionSpec, SessionTask } from '@waybill/api'
import type { NetworkOptions } from '../network/messages.js'
import { Network } from '../network/network.js'
import { type Measured, type MeasureItem, measure } from '../scan/measure.js'
import { Locks } from '../transfer/locks.js'
import { BufferPool } from '../transport/buffers.js'
import { Session, type SessionEvents, type SessionShared } from './session.js'

/** What may be set for tests; the defaults are for work. */
export interface EngineOptions extends NetworkOptions {
  /** Where the network's thread begins, or false for none. */
  readonly networkThread?: URL | false
  /** Directory for the records of manifests; without one there are none. */
  readonly manifests?: string
  /** The first pause of source files that change while they are read, milliseconds. */
  readonly restMs?: number
}

/** All sessions of one process, with the network that they share. Lives in the data thread. */
export class Engine {
  readonly #events: SessionEvents
  readonly #shared: SessionShared
  readonly #sessions = new Map<string, { session: Session; opened: Promise<OpenResult> }>()

  constructor(events: SessionEvents, options: EngineOptions = {}) {
    this.#events = events
    const { networkThread, manifests, restMs, ...rest } = options
    const pool = new BufferPool()
    const network = new Network(pool, {
      ...rest,
      ...(networkThread !== undefined && { thread: networkThread }),
    })
    this.#shared = { pool, locks: new Locks(), network, manifests, restMs }
  }

  /**
   * Opens a session. A listener answers with its port at once, a connector with the cipher once its
   * connections stand. Opening one that is open already answers the same. When it rejects (`unreachable`) the
   * session has ended, and `ended` says so as well.
   */
  open(spec: SessionSpec): Promise<OpenResult> {
    const known = this.#sessions.get(spec.session)
    if (known !== undefined) return known.opened
    const session = new Session(spec, this.#shared, {
      ...this.#events,
      ended: (id, end) => {
        this.#sessions.delete(id)
        this.#events.ended(id, end)
      },
    })
    const opened = this.#opened(session)
    this.#sessions.set(spec.session, { session, opened })
    return opened
  }

  tasks(session: string, tasks: readonly SessionTask[]): void {
    this.#sessions.get(session)?.session.tasks(tasks)
  }

  cancel(session: string, tasks: readonly string[]): void {
    this.#sessions.get(session)?.session.cancel(new Set(tasks))
  }

  rate(session: string, bytesPerSecond: number): void {
    this.#sessions.get(session)?.session.rate(bytesPerSecond)
  }

  finish(session: string): void {
    this.#sessions.get(session)?.session.finish()
  }

  async stop(session: string, reason: string): Promise<void> {
    await this.#sessions.get(session)?.session.stop({ reason: 'stopped', code: null, message: reason })
  }

  measure(items: readonly MeasureItem[]): Promise<Measured[]> {
    return measure(items)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.stop(id, 'The agent stops')))
    await this.#shared.network.close()
  }

  /** A session that could not be opened has ended by the time that this rejects. */
  async #opened(session: Session): Promise<OpenResult> {
    try {
      return await session.link.opened
    } catch (error) {
      await session.ended
      throw error
    }
  }
}
