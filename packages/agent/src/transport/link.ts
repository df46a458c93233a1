import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  decode,
  encode,
  frameType,
  headerBytes,
  type Payload,
  ProtocolError,
  writeHeader,
} from '@waybill/asc'
import { failureOf, type LinkFault, lossOf } from '../network/faults.js'
import type { BufferPool } from './buffers.js'
import { BulkConnection } from './bulk-connection.js'
import { ControlConnection } from './control-connection.js'
import type { Greeting } from './greeting.js'
import type { LinkKeys } from './link-keys.js'
import { encodePreamble } from './preamble.js'
import type { TokenBucket } from './token-bucket.js'

/** What a link tells. */
export interface LinkOutput {
  /** The control connection stands, and both sides agreed on what data travels over. */
  stands(greeting: Greeting): void
  /** Whole control frames, in order; the memory is the callee's. */
  control(frames: Buffer): void
  /** A frame of data. */
  data(type: number, payload: Payload): void
  /** So many bytes of control frames went to the network. */
  flushed(bytes: number): void
  /** A frame of data was sealed: its memory is free. */
  sent(frame: Buffer): void
  /** How many frames of data the link wants to hold from now on, those under way included. */
  window(frames: number): void
  /** Once: the link is of no use any more. Without a fault it was closed by this side. */
  down(fault: LinkFault | undefined): void
  /** Once, after that: its sockets are closed. */
  over(): void
}

export interface LinkOptions {
  readonly role: 'send' | 'receive'
  readonly silenceMs: number
  readonly pool: BufferPool
  readonly bucket: TokenBucket
  /** Whether this side takes part in a link whose data travels so. */
  accepts(greeting: Greeting): boolean
}

/** A data connection may close before the last word on the control connection was read; milliseconds. */
const lastWordMs = 1000
/** Parts of the silence limit after which this side says something, and looks. */
const ticksToSilence = 6
/** How often a limited session moves data, milliseconds. */
const paceEvery = 10
/** Frames that wait for a connection, beside those that each one is sending; and bounds for all together. */
const framesAhead = 2
const mostFrames = 24

/**
 * The connections between two agents as one. Control frames go over the TLS connection, in order; data over the
 * others, so that no answer ever waits behind it. They take the next frame from one queue, so a slow one delays only
 * what it holds.
 */
export class Link {
  readonly #options: LinkOptions
  readonly #out: LinkOutput
  readonly #bulk = new Map<number, BulkConnection>()
  /** Connections that ever proved the key: none comes twice, or nonces would. */
  readonly #seen = new Set<number>()
  readonly #all = new Set<ControlConnection | BulkConnection>()
  readonly #queue: Buffer[] = []
  readonly #silence: NodeJS.Timeout
  #control: ControlConnection | undefined
  #keys: LinkKeys | undefined
  #heard: Buffer[] = []
  #quietTicks = 0
  #paused = false
  #pacing: NodeJS.Timeout | undefined
  #down = false

  constructor(options: LinkOptions, out: LinkOutput) {
    this.#options = options
    this.#out = out
    // Counted in ticks, not read from a clock: a process that was stopped, or busy, blames nobody.
    this.#silence = setInterval(() => this.#tick(), options.silenceMs / ticksToSilence)
  }

  /** Whether the control connection stands. */
  get stands(): boolean {
    return this.#control !== undefined
  }

  get keys(): LinkKeys | undefined {
    return this.#keys
  }

  /** Connections for data that stand. */
  get connections(): number {
    return this.#bulk.size
  }

  /**
   * Takes a TLS socket that proved to know the key. The connecting side gives the `greeting` that it begins with; the
   * listening side answers with what it hears. Resolves once it carries frames, or to false.
   */
  join(socket: TLSSocket, keys: LinkKeys, greeting?: Greeting): Promise<boolean> {
    return new Promise((resolve) => {
      let joined = false
      const connection = new ControlConnection(socket, this.#options.pool, {
        greeted: (heard) => {
          if (this.#down || this.#control !== undefined || !this.#fits(heard, 0, greeting)) {
            connection.destroy()
            return
          }
          joined = true
          if (greeting === undefined) connection.greet({ ...heard, role: this.#options.role })
          this.#control = connection
          this.#keys = keys
          this.#out.stands(heard)
          resolve(true)
        },
        frame: (type, payload) => this.#controlFrame(type, payload),
        heard: () => this.#isAlive(),
        drained: () => this.#deliver(),
        closed: (error) => {
          this.#forget(connection)
          resolve(false)
          if (joined) this.#lost(lossOf(error ?? new Error('The other agent closed the connection')))
        },
      })
      this.#all.add(connection)
      if (this.#down) connection.destroy()
      else if (greeting !== undefined) connection.greet(greeting)
    })
  }

  /**
   * Takes a plain socket as connection `index` for data: on the listening side one that said to be of this link, on
   * the other one that was made for it. Resolves when the peer proved the key over it, or to false.
   */
  add(socket: Socket, index: number, isOurs: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const keys = this.#keys?.connection(index)
      if (keys === undefined || this.#down || index === 0 || this.#seen.has(index)) {
        socket.destroy()
        resolve(false)
        return
      }
      const { role, pool, bucket } = this.#options
      const greeting: Greeting = { role, index, transport: 'tcp', datagram: 0 }
      const connection = new BulkConnection(socket, keys, pool, bucket, {
        greeted: (heard) => {
          if (this.#down || this.#seen.has(index) || !this.#fits(heard, index, greeting)) {
            connection.destroy()
            return
          }
          this.#seen.add(index)
          if (!isOurs) connection.greet(greeting)
          this.#bulk.set(index, connection)
          connection.pause(this.#paused)
          this.#resize()
          this.pump()
          resolve(true)
        },
        frame: (type, payload) => this.#data(type, payload),
        heard: () => this.#isAlive(),
        room: () => this.pump(),
        sealed: (frame) => this.#out.sent(frame),
        closed: (error) => {
          this.#forget(connection)
          resolve(false)
          if (this.#bulk.get(index) === connection) this.#bulkLost(index, error)
        },
      })
      this.#all.add(connection)
      if (isOurs) {
        socket.write(encodePreamble({ link: this.#keys?.id ?? Buffer.alloc(0), index }))
        connection.greet(greeting)
      }
    })
  }

  /** Sends whole control frames. */
  control(frames: Buffer): void {
    if (this.#down) return
    this.#control?.send(frames, () => this.#out.flushed(frames.length))
  }

  /** Sends a frame of data, over whichever connection is free first. */
  data(frame: Buffer): void {
    if (this.#down) {
      this.#out.sent(frame)
      return
    }
    this.#queue.push(frame)
    this.pump()
  }

  /** Moves what network and rate allow, and comes back for the rest; call it when the rate was changed. */
  pump(): void {
    if (this.#down) return
    const now = performance.now()
    let waiting = false
    for (const connection of this.#bulk.values()) {
      for (;;) {
        const waits = connection.pump(now)
        waiting ||= waits
        const frame = connection.isFree ? this.#queue.shift() : undefined
        if (frame === undefined) break
        connection.begin(frame)
      }
    }
    if (waiting && this.#pacing === undefined) {
      this.#pacing = setTimeout(() => {
        this.#pacing = undefined
        this.pump()
      }, paceEvery)
    }
  }

  /** Stops and resumes reading of data, while this side cannot keep up. */
  pause(paused: boolean): void {
    this.#paused = paused
    for (const connection of this.#bulk.values()) connection.pause(paused)
  }

  /** The same for control frames. */
  pauseControl(paused: boolean): void {
    this.#control?.pause(paused)
  }

  /** Closes the link after what was said so far. */
  close(): void {
    this.#shut(undefined)
  }

  /** Cuts the link and tells the peer why. */
  cut(fault: LinkFault): void {
    if (!this.#down) this.#control?.send(encode({ type: 'stop', code: fault.code, message: fault.message }))
    this.#shut(fault)
  }

  #fits(heard: Greeting, index: number, ours: Greeting | undefined): boolean {
    if (heard.role === this.#options.role || heard.index !== index) return false
    if (ours === undefined) return this.#options.accepts(heard)
    return heard.transport === ours.transport && heard.datagram === ours.datagram
  }

  #forget(connection: ControlConnection | BulkConnection): void {
    this.#all.delete(connection)
    if (this.#down && this.#all.size === 0) this.#out.over()
  }

  #isAlive(): void {
    this.#quietTicks = 0
  }

  #controlFrame(type: number, payload: Payload): void {
    if (this.#down) {
      payload.release()
      return
    }
    try {
      if (type === frameType.hello) throw new ProtocolError('state', 'a second hello')
      if (type >= frameType.pack) throw new ProtocolError('state', 'data over the control connection')
      if (type === frameType.ping || type === frameType.pong) {
        decode(type, payload.bytes)
        if (type === frameType.ping) this.control(encode({ type: 'pong' }))
      } else {
        const frame = Buffer.allocUnsafeSlow(headerBytes)
        writeHeader(frame, type, payload.bytes.length)
        this.#heard.push(frame, Buffer.from(payload.bytes))
      }
      payload.release()
    } catch (error) {
      this.cut(failureOf(error))
    }
  }

  /** What was heard in one go is handed over in one go. */
  #deliver(): void {
    if (this.#down || this.#heard.length === 0) return
    const heard = this.#heard
    this.#heard = []
    this.#out.control(concat(heard))
  }

  #data(type: number, payload: Payload): void {
    if (!this.#down && type >= frameType.pack) {
      this.#out.data(type, payload)
      return
    }
    payload.release()
    if (!this.#down)
      this.cut(failureOf(new ProtocolError('state', 'a control frame over a connection for data')))
  }

  #resize(): void {
    this.#out.window(Math.min(mostFrames, this.#bulk.size + framesAhead))
  }

  #tick(): void {
    if (this.#control === undefined) return
    this.#quietTicks++
    if (this.#quietTicks > ticksToSilence) {
      this.#lost(lossOf(new Error('Nothing was heard of the other agent for too long')))
    } else if (this.#quietTicks > 1) {
      this.control(encode({ type: 'ping' }))
    }
  }

  #bulkLost(index: number, error: Error | undefined): void {
    this.#bulk.delete(index)
    if (error instanceof ProtocolError) {
      this.cut(failureOf(error))
      return
    }
    const fault = lossOf(error ?? new Error('The other agent closed a connection'))
    setTimeout(() => this.#lost(fault), lastWordMs)
  }

  #shut(fault: LinkFault | undefined): void {
    if (this.#down) return
    this.#deliver()
    this.#end()
    for (const connection of this.#all) {
      if (connection instanceof ControlConnection) connection.end()
      else connection.destroy()
    }
    this.#out.down(fault)
    if (this.#all.size === 0) this.#out.over()
  }

  #lost(fault: LinkFault): void {
    if (this.#down) return
    this.#deliver()
    this.#end()
    for (const connection of this.#all) connection.destroy()
    this.#out.down(fault)
    if (this.#all.size === 0) this.#out.over()
  }

  #end(): void {
    this.#down = true
    clearInterval(this.#silence)
    clearTimeout(this.#pacing)
    for (const frame of this.#queue.splice(0)) this.#out.sent(frame)
  }
}

/** In memory of its own, which can go to another thread. */
function concat(parts: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) at += part.copy(whole, at)
  return whole
}
