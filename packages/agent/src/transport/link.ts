import type { TLSSocket } from 'node:tls'
import type { ReasonCode } from '@waybill/api'
import { type ControlFrame, decode, encode, frameType, type Payload, ProtocolError } from '@waybill/asc'
import type { BufferPool } from './buffers.js'
import { Connection, type Greeting } from './connection.js'
import type { TokenBucket } from './token-bucket.js'

export interface LinkEvents {
  control(frame: ControlFrame): void
  data(type: number, payload: Payload): void
  /** A batch of input was worked through. */
  drained(): void
  /** There may be room for data. */
  room(): void
  /** Once: the link is of no use any more. Without an error it was closed by this side. */
  down(error: Error | undefined): void
}

/** The right to send one frame of data over one connection. */
export interface Slot {
  send(frame: Buffer, sent: () => void): void
  release(): void
}

/** The link fell silent. */
export class SilenceError extends Error {}

/** This side cut the link, because the peer broke a promise or something broke here. */
export class LinkFailure extends Error {
  readonly code: ReasonCode

  constructor(code: ReasonCode, cause: Error) {
    super(cause.message, { cause })
    this.code = code
  }
}

/** A data connection may close before the last word on the control connection was read; milliseconds. */
const lastWordMs = 1000

/** Parts of the silence limit after which this side says something, and looks. */
const ticksToSilence = 6
/** How often a limited session moves data, milliseconds. */
const paceEvery = 10

/**
 * Several connections between two agents as one. Control frames go over the first, in order; data over the
 * others, so that no answer ever waits behind it (over the first when it is the only one).
 */
export class Link {
  readonly #role: 'send' | 'receive'
  readonly #total: number
  readonly #pool: BufferPool
  readonly #bucket: TokenBucket
  readonly #events: LinkEvents
  readonly #connections = new Map<number, Connection>()
  readonly #all = new Set<Connection>()
  readonly #silence: NodeJS.Timeout
  #queued: Buffer[] = []
  #flushPlanned = false
  #quietTicks = 0
  #paused = false
  #pacing: NodeJS.Timeout | undefined
  #down = false

  constructor(
    options: {
      role: 'send' | 'receive'
      total: number
      silenceMs: number
      pool: BufferPool
      bucket: TokenBucket
    },
    events: LinkEvents,
  ) {
    this.#role = options.role
    this.#total = options.total
    this.#pool = options.pool
    this.#bucket = options.bucket
    this.#events = events
    // Counted in ticks, not read from a clock: a process that was stopped, or busy, blames nobody.
    this.#silence = setInterval(() => this.#tick(), options.silenceMs / ticksToSilence)
  }

  /** Connections that stand. */
  get size(): number {
    return this.#connections.size
  }

  /** Whether control frames pile up, so that no more should be made than necessary. */
  get congested(): boolean {
    return (this.#connections.get(0)?.backlog ?? 0) > 1024 * 1024
  }

  /**
   * Takes a socket that proved to know the key. The connecting side says which connection it is; the
   * listening side learns it from the greeting. Resolves once it carries frames, or to false.
   */
  join(socket: TLSSocket, index?: number): Promise<boolean> {
    return new Promise((resolve) => {
      let joined: number | undefined
      const connection = new Connection(socket, this.#pool, this.#bucket, {
        greeted: (greeting) => {
          if (!this.#accepts(greeting, index)) {
            connection.destroy()
            return
          }
          joined = greeting.index
          if (index === undefined) connection.greet({ ...greeting, role: this.#role })
          this.#connections.set(joined, connection)
          resolve(true)
          this.#plan()
          this.#events.room()
        },
        frame: (type, payload) => this.#frame(type, payload),
        heard: () => {
          this.#quietTicks = 0
        },
        drained: () => this.#events.drained(),
        room: () => this.#events.room(),
        closed: (error) => {
          this.#all.delete(connection)
          resolve(false)
          if (joined !== undefined) this.#closed(joined, error)
        },
      })
      this.#all.add(connection)
      if (this.#down) connection.destroy()
      else if (index !== undefined) connection.greet({ role: this.#role, index, total: this.#total })
    })
  }

  /** Sends a control frame. What is sent in one turn goes out as one write. */
  control(frame: Buffer): void {
    if (this.#down) return
    this.#queued.push(frame)
    this.#plan()
  }

  /** Room for one frame of data, on the connection that has least to do. */
  slot(): Slot | undefined {
    let best: Connection | undefined
    for (const [index, connection] of this.#connections) {
      if (index === 0 && this.#total > 1) continue
      if (best === undefined || connection.load < best.load) best = connection
    }
    if (best === undefined || !best.reserve()) return undefined
    const connection = best
    return {
      send: (frame, sent) => {
        connection.data(frame, sent)
        if (this.#bucket.limited) this.pace()
      },
      release: () => connection.unreserve(),
    }
  }

  /** Moves what the rate allows, and comes back for the rest; call it when the rate was changed. */
  pace(): void {
    if (this.#pacing !== undefined) return
    let waiting = false
    for (const connection of this.#connections.values()) {
      if (connection.pace(performance.now())) waiting = true
    }
    if (!waiting) return
    this.#pacing = setTimeout(() => {
      this.#pacing = undefined
      this.pace()
    }, paceEvery)
  }

  /** Stops and resumes reading, while this side cannot keep up. */
  pause(paused: boolean): void {
    this.#paused = paused
    for (const connection of this.#connections.values()) connection.pause(paused)
  }

  /** Closes the link after what was sent so far. */
  close(): void {
    if (this.#down) return
    this.#shut(undefined)
  }

  /** Ends the link at once, telling the peer; an empty code when somebody asked for it. */
  stop(code: string, message: string): void {
    this.control(encode({ type: 'stop', code, message }))
    this.close()
  }

  #accepts(greeting: Greeting, index: number | undefined): boolean {
    const { role, total } = greeting
    const fits = role !== this.#role && total === this.#total && greeting.index < total
    return (
      fits &&
      !this.#down &&
      !this.#connections.has(greeting.index) &&
      (index ?? greeting.index) === greeting.index
    )
  }

  #frame(type: number, payload: Payload): void {
    if (this.#down) {
      payload.release()
      return
    }
    if (type === frameType.pack || type === frameType.chunk) {
      this.#guard(() => this.#events.data(type, payload))
      return
    }
    this.#guard(() => {
      const frame = decode(type, payload.bytes)
      if (frame.type === 'ping') this.control(encode({ type: 'pong' }))
      else if (frame.type === 'hello') throw new ProtocolError('state', 'a second hello')
      else if (frame.type !== 'pong') this.#events.control(frame)
      payload.release()
    })
  }

  /** What breaks on one frame breaks the link, never the process. */
  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      const violation = error instanceof ProtocolError ? error.violation : undefined
      const failure = new LinkFailure(
        violation === 'digest' ? 'E#J003' : 'E#J099',
        error instanceof Error ? error : new Error(String(error)),
      )
      this.control(encode({ type: 'stop', code: failure.code, message: failure.message }))
      this.#shut(failure)
    }
  }

  #plan(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    setImmediate(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    const first = this.#connections.get(0)
    if (first === undefined || this.#queued.length === 0) return
    const [only] = this.#queued
    first.control(this.#queued.length === 1 && only !== undefined ? only : Buffer.concat(this.#queued))
    this.#queued = []
  }

  #tick(): void {
    if (this.#connections.size === 0) return
    if (this.#paused) {
      // Nothing is heard because nothing is read; the peer is to know that we live.
      this.#quietTicks = 0
      this.control(encode({ type: 'ping' }))
      return
    }
    this.#quietTicks++
    if (this.#quietTicks > ticksToSilence) {
      this.#lost(new SilenceError('Nothing was heard of the other agent for too long'))
    } else if (this.#quietTicks > 1) {
      this.control(encode({ type: 'ping' }))
    }
  }

  #closed(index: number, error: Error | undefined): void {
    const lost = error ?? new Error('The other agent closed the connection')
    if (index === 0 || error !== undefined) this.#lost(lost)
    else setTimeout(() => this.#lost(lost), lastWordMs)
  }

  #shut(error: Error | undefined): void {
    if (this.#down) return
    this.#flush()
    this.#end()
    for (const connection of this.#all) connection.end()
    this.#events.down(error)
  }

  #lost(error: Error): void {
    if (this.#down) return
    this.#end()
    for (const connection of this.#all) connection.destroy()
    this.#events.down(error)
  }

  #end(): void {
    this.#down = true
    clearInterval(this.#silence)
    clearTimeout(this.#pacing)
  }
}
