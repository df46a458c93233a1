import type { Socket } from 'node:net'
import type { Payload } from '@waybill/asc'
import { distanceMs } from '../network/choice.js'
import { UnreadBound } from '../network/unread-bound.js'
import { kernelRoundTrip, useBbr } from '../platform/sockets.js'
import type { BufferPool } from './buffers.js'
import { BulkConnection } from './bulk-connection.js'
import type { Greeting } from './greeting.js'
import type { LinkKeys } from './link-keys.js'
import { encodePreamble } from './preamble.js'
import type { TokenBucket } from './token-bucket.js'

export interface BulkPathOptions {
  readonly role: 'send' | 'receive'
  readonly pool: BufferPool
  readonly bucket: TokenBucket
}

export interface BulkPathEvents {
  /** So many connections stand now. */
  resized(connections: number): void
  data(type: number, payload: Payload): void
  heard(): void
  /** A connection has room again: `pump`. */
  room(): void
  /** A frame was written, or never will be: its memory is free. */
  sent(frame: Buffer): void
  /** A connection that stood broke, or was closed by the peer. */
  broke(error: Error | undefined): void
  /** None is left that has to be waited for. */
  empty(): void
}

/** Connections of one link, however many a peer would like. */
const mostConnections = 64
/** What the kernel may keep of one connection at least, bytes. */
const leastUnread = 512 * 1024
/** How often a limited session moves data, milliseconds. */
const paceEvery = 10

/** The TCP connections of a link for data. They take the next frame from one queue, so a slow one delays no other. */
export class BulkPath {
  readonly #options: BulkPathOptions
  readonly #events: BulkPathEvents
  readonly #standing = new Map<number, BulkConnection>()
  /** Connections that ever proved the key: none comes twice, or nonces would. */
  readonly #seen = new Set<number>()
  readonly #all = new Set<BulkConnection>()
  #paused = false
  /** Where there is a distance, on the side that receives. */
  #unread: UnreadBound | undefined
  #pacing: NodeJS.Timeout | undefined
  #ended = false

  constructor(options: BulkPathOptions, events: BulkPathEvents) {
    this.#options = options
    this.#events = events
  }

  /** Connections that stand. */
  get size(): number {
    return this.#standing.size
  }

  /** Whether no socket is open any more. */
  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /**
   * Takes a plain socket as connection `index`: on the listening side one that said to be of this link, on the other
   * one that was made for it. Resolves when the peer proved the key over it, or to false.
   */
  add(socket: Socket, index: number, keys: LinkKeys, isOurs: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#ended || index < 1 || index > mostConnections || this.#seen.has(index)) {
        socket.destroy()
        resolve(false)
        return
      }
      const { role, pool, bucket } = this.#options
      const roundTrip = kernelRoundTrip(socket) ?? 0
      // Over a distance it is not slowed down by every loss; whether the kernel agrees is its affair.
      if (roundTrip >= distanceMs) useBbr(socket)
      // Nearby the kernel finds by itself that little is enough.
      if (roundTrip >= distanceMs && role === 'receive')
        this.#unread ??= new UnreadBound(roundTrip, performance.now())
      const greeting: Greeting = { role, index, transport: 'tcp', datagram: 0 }
      const connection = new BulkConnection(socket, keys.connection(index), pool, bucket, {
        greeted: (heard) => {
          if (this.#ended || this.#seen.has(index) || heard.index !== index || heard.role === role) {
            connection.destroy()
            return
          }
          this.#seen.add(index)
          if (!isOurs) connection.greet(greeting)
          this.#standing.set(index, connection)
          connection.pause(this.#paused)
          resolve(true)
          this.#bound()
          this.#events.resized(this.#standing.size)
        },
        frame: (type, payload) => {
          if (this.#unread?.read(payload.bytes.length, performance.now()) === true) this.#bound()
          this.#events.data(type, payload)
        },
        heard: () => this.#events.heard(),
        room: () => this.#events.room(),
        sent: (frame) => this.#events.sent(frame),
        closed: (error) => {
          this.#all.delete(connection)
          resolve(false)
          if (this.#standing.get(index) === connection) {
            this.#standing.delete(index)
            this.#events.broke(error)
          }
          if (this.isEmpty) this.#events.empty()
        },
      })
      this.#all.add(connection)
      if (isOurs) connection.greet(greeting, encodePreamble({ link: keys.id, index }))
    })
  }

  /** Moves what network and rate allow, and comes back for what has to wait for the rate. */
  pump(queue: Buffer[]): void {
    const now = performance.now()
    let waiting = false
    for (const connection of this.#standing.values()) {
      for (;;) {
        const waits = connection.pump(now)
        waiting ||= waits
        const frame = connection.isFree ? queue.shift() : undefined
        if (frame === undefined) break
        connection.begin(frame)
      }
    }
    if (!waiting) return
    this.#pacing ??= setTimeout(() => {
      this.#pacing = undefined
      this.pump(queue)
    }, paceEvery)
  }

  pause(paused: boolean): void {
    this.#paused = paused
    for (const connection of this.#standing.values()) connection.pause(paused)
  }

  #bound(): void {
    if (this.#unread === undefined) return
    const each = Math.max(leastUnread, Math.floor(this.#unread.bytes / this.#standing.size))
    for (const connection of this.#standing.values()) connection.bound(each)
  }

  /** Closes all connections. */
  destroy(): void {
    this.#ended = true
    clearTimeout(this.#pacing)
    for (const connection of this.#all) connection.destroy()
  }
}
