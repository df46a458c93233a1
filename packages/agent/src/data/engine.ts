import type { TLSSocket } from 'node:tls'
import {
  type OpenResult,
  type ReasonCode,
  type SessionEnd,
  type SessionSpec,
  type SessionTask,
  WaybillError,
} from '@waybill/api'
import { type Measured, type MeasureItem, measure } from '../scan/measure.js'
import { Locks } from '../transfer/locks.js'
import { BufferPool } from '../transport/buffers.js'
import { type Dial, DialError, dial, dialAny } from '../transport/connector.js'
import { LinkListener } from '../transport/listener.js'
import { CipherError, checkCipher } from '../transport/secure.js'
import { Session, type SessionEvents } from './session.js'

/** What may be set for tests; the defaults are for work. All in milliseconds. */
export interface EngineOptions {
  /** A link of which nothing is heard for this long is dead. */
  readonly silenceMs?: number
  /** How long a listener waits for its peer. */
  readonly expectMs?: number
  /** How long a connector tries. */
  readonly dialMs?: number
}

/** All sessions of one process, with the listener that they share. Lives in the data thread. */
export class Engine {
  readonly #events: SessionEvents
  readonly #expectMs: number
  readonly #dialMs: number
  readonly #shared: { pool: BufferPool; locks: Locks; silenceMs: number }
  readonly #sessions = new Map<string, { session: Session; opened: Promise<OpenResult> }>()
  readonly #listener = new LinkListener()

  constructor(events: SessionEvents, options: EngineOptions = {}) {
    this.#events = events
    this.#expectMs = options.expectMs ?? 30_000
    this.#dialMs = options.dialMs ?? 15_000
    this.#shared = { pool: new BufferPool(), locks: new Locks(), silenceMs: options.silenceMs ?? 15_000 }
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
        this.#listener.forget(spec.identity)
        this.#events.ended(id, end)
      },
    })
    const opened =
      spec.link.kind === 'listen'
        ? this.#listen(session, spec, spec.link)
        : this.#connect(session, spec, spec.link)
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
    this.#listener.close()
  }

  async #listen(
    session: Session,
    spec: SessionSpec,
    link: Extract<SessionSpec['link'], { kind: 'listen' }>,
  ): Promise<OpenResult> {
    try {
      const port = await this.#listener.expect(
        {
          identity: spec.identity,
          key: Buffer.from(spec.key, 'base64'),
          connected: (socket) => this.#connected(session, spec, socket),
        },
        link.ports,
      )
      setTimeout(() => {
        if (session.link.size === 0) {
          void session.stop(endOf('unreachable', 'E#J004', 'The other agent did not connect'))
        }
      }, this.#expectMs).unref()
      return { port, cipher: null }
    } catch (error) {
      return this.#failed(session, error)
    }
  }

  #connected(session: Session, spec: SessionSpec, socket: TLSSocket): void {
    try {
      session.cipher = checkCipher(socket, spec.cipher)
    } catch (error) {
      socket.destroy()
      void this.#failed(session, error).catch(() => undefined)
      return
    }
    void session.link.join(socket)
  }

  async #connect(
    session: Session,
    spec: SessionSpec,
    link: Extract<SessionSpec['link'], { kind: 'connect' }>,
  ): Promise<OpenResult> {
    const options: Dial = {
      addresses: link.addresses,
      port: link.port,
      identity: spec.identity,
      key: Buffer.from(spec.key, 'base64'),
      cipher: spec.cipher,
      timeoutMs: this.#dialMs,
    }
    try {
      const { host, socket } = await dialAny(options, (found) => session.link.join(found, 0))
      session.cipher = checkCipher(socket, spec.cipher)
      const others = Array.from({ length: spec.connections - 1 }, async (_, index) => {
        const more = await dial(host, options, new AbortController().signal)
        return session.link.join(more, index + 1)
      })
      await Promise.all(others)
      return { port: null, cipher: session.cipher }
    } catch (error) {
      return this.#failed(session, error)
    }
  }

  async #failed(session: Session, error: unknown): Promise<never> {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof CipherError) await session.stop(endOf('refused', 'E#J007', message))
    else if (error instanceof DialError && error.refused)
      await session.stop(endOf('refused', 'E#J004', message))
    else await session.stop(endOf('unreachable', 'E#J004', message))
    throw new WaybillError('unreachable', message, { cause: error })
  }
}

function endOf(reason: SessionEnd['reason'], code: ReasonCode, message: string): Omit<SessionEnd, 'cipher'> {
  return { reason, code, message }
}
