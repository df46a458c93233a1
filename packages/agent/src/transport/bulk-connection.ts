import type { Socket } from 'node:net'
import type { Payload } from '@waybill/asc'
import { boundUnread, readReusing } from '../platform/sockets.js'
import type { BufferPool } from './buffers.js'
import { encodeGreeting, type Greeting, greetingBytes, greetingMs, readGreeting } from './greeting.js'
import type { BothWays } from './link-keys.js'
import { type OutgoingRecord, RecordOpener, RecordSealer } from './records.js'
import type { TokenBucket } from './token-bucket.js'

export interface BulkEvents {
  /** The first record of the peer, with which it proved the key. */
  greeted(greeting: Greeting): void
  frame(type: number, payload: Payload): void
  /** Bytes arrived, of whatever kind: the link is alive. */
  heard(): void
  /** There is room for more: `pump` it. */
  room(): void
  /** A frame was written, or never will be: its memory is free. */
  sent(frame: Buffer): void
  closed(error: Error | undefined): void
}

/** Sealed and written in steps of this many bytes. */
const stepBytes = 256 * 1024
/** Sealed bytes that may wait for the network: enough that it never waits for us. */
const waitingBytes = 2 * stepBytes

/** One TCP connection of a link that carries frames of data as sealed records. */
export class BulkConnection {
  readonly #socket: Socket
  readonly #events: BulkEvents
  readonly #sealer: RecordSealer
  readonly #opener: RecordOpener
  readonly #bucket: TokenBucket
  readonly #greeting: NodeJS.Timeout
  #greeted = false
  #current: { readonly frame: Buffer; readonly record: OutgoingRecord } | undefined
  #waiting = 0
  #error: Error | undefined

  constructor(socket: Socket, keys: BothWays, pool: BufferPool, bucket: TokenBucket, events: BulkEvents) {
    this.#events = events
    this.#bucket = bucket
    this.#sealer = new RecordSealer(keys.outgoing)
    this.#opener = new RecordOpener(keys.incoming, pool, (type, payload) => this.#frame(type, payload))
    this.#opener.limit = greetingBytes
    this.#socket = readReusing(socket, (bytes) => this.#push(bytes))
    this.#socket.setNoDelay(true)
    this.#socket.on('error', (error) => {
      this.#error ??= error
    })
    this.#greeting = setTimeout(() => this.destroy(new Error('No greeting in time')), greetingMs)
    this.#socket.on('close', () => {
      clearTimeout(this.#greeting)
      this.#opener.close()
      if (this.#current !== undefined) events.sent(this.#current.frame)
      this.#current = undefined
      events.closed(this.#error)
    })
  }

  /** Says the first word, after a `preamble` in the clear where this side made the connection. */
  greet(greeting: Greeting, preamble?: Buffer): void {
    const frame = encodeGreeting(greeting)
    const sealed = this.#sealer.seal(frame).next(frame.length)
    this.#write(preamble === undefined ? sealed : [preamble, ...sealed])
  }

  /** Whether it can begin with another frame. */
  get isFree(): boolean {
    return this.#current === undefined && this.#hasRoom
  }

  /** Begins with a frame; only while `isFree`. Its memory is given back through `sent`. */
  begin(frame: Buffer): void {
    this.#current = { frame, record: this.#sealer.seal(frame) }
  }

  /** Moves what network and rate allow now. Answers whether something is left that waits for the rate. */
  pump(now: number): boolean {
    while (this.#current !== undefined && this.#hasRoom) {
      const { frame, record } = this.#current
      const length = this.#bucket.take(Math.min(record.left, stepBytes), now)
      if (length === 0) return true
      const pieces = record.next(length)
      if (record.left > 0) {
        this.#write(pieces)
        continue
      }
      this.#current = undefined
      this.#write(pieces, () => this.#events.sent(frame))
    }
    return false
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Bounds what the kernel keeps of it until it is read here, where the system lets us; bytes. */
  bound(bytes: number): void {
    boundUnread(this.#socket, bytes)
  }

  /** Closes it. What the peer is to know goes over the control connection. */
  destroy(error?: Error): void {
    this.#error ??= error
    this.#socket.destroy()
  }

  get #hasRoom(): boolean {
    return this.#waiting < waitingBytes && !this.#socket.destroyed
  }

  /** Writes in one go; `written` when the memory is free, in any case. */
  #write(pieces: readonly Buffer[], written?: () => void): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.#waiting += length
    let left = pieces.length
    this.#socket.cork()
    for (const piece of pieces) {
      this.#socket.write(piece, () => {
        left--
        if (left > 0) return
        this.#waiting -= length
        written?.()
        this.#events.room()
      })
    }
    this.#socket.uncork()
  }

  #push(bytes: Buffer): void {
    this.#events.heard()
    try {
      this.#opener.push(bytes)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #frame(type: number, payload: Payload): void {
    if (this.#greeted) {
      this.#events.frame(type, payload)
      return
    }
    const greeting = readGreeting(type, payload)
    this.#greeted = true
    this.#opener.limit = Number.POSITIVE_INFINITY
    clearTimeout(this.#greeting)
    this.#events.greeted(greeting)
  }
}
