import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { decode, encode, type FlowStats, frameType, type Payload, ProtocolError } from '@waybill/asc'
import { Ebb } from '../network/ebb.js'
import { failureOf, type LinkFault, lossOf } from '../network/faults.js'
import { OwnAddress } from '../network/own-address.js'
import { Silence } from '../network/silence.js'
import type { BufferPool } from './buffers.js'
import { BulkPath } from './bulk-path.js'
import { ControlConnection } from './control-connection.js'
import { type CarrierOptions, FlowCarrier } from './datagrams/flow-carrier.js'
import type { Greeting } from './greeting.js'
import { HeardFrames } from './heard-frames.js'
import type { LinkKeys } from './link-keys.js'
import { RoundTrip } from './round-trip.js'
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
  /** A frame of data went out, or never will: its memory is free. */
  sent(frame: Buffer): void
  /** How many frames of data the link wants to hold from now on, those under way included. */
  window(frames: number): void
  /** Once: how long the way there and back takes, milliseconds. */
  roundTrip(milliseconds: number): void
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

/** Frames that wait for a flow of datagrams. */
const flowFrames = 8
/** How long a flow may take to bring over the last word, milliseconds. */
const lingerMs = 2000
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
  readonly #bulk: BulkPath
  readonly #all = new Set<ControlConnection>()
  readonly #queue: Buffer[] = []
  readonly #silence: Silence
  /** A connection may close before what came over others was read: data, or the last word. */
  readonly #ebb = new Ebb((fault) => this.#lost(fault))
  #control: ControlConnection | undefined
  #keys: LinkKeys | undefined
  #carrier: FlowCarrier | undefined
  readonly #heard = new HeardFrames()
  readonly #roundTrip: RoundTrip
  /** Control frames that were given before the link stood. */
  readonly #early: Buffer[] = []
  #isReady = false
  #paused = false
  #down = false
  /** Whether it went down when nothing had been heard for a while. */
  fellSilent = false

  constructor(options: LinkOptions, out: LinkOutput) {
    this.#options = options
    this.#out = out
    this.#bulk = new BulkPath(options, {
      resized: (connections) => {
        out.window(Math.min(mostFrames, 2 * connections + framesAhead))
        this.pump()
      },
      data: (type, payload) => this.#data(type, payload),
      heard: () => {
        this.#silence.heard()
        this.#ebb.heard()
      },
      room: () => this.pump(),
      sent: (frame) => out.sent(frame),
      broke: (error) => this.#bulkBroke(error),
      empty: () => this.#isOver(),
    })
    this.#roundTrip = new RoundTrip(
      () => this.control(encode({ type: 'ping' })),
      (milliseconds) => out.roundTrip(milliseconds),
    )
    this.#silence = new Silence(options.silenceMs, {
      ask: () => this.control(encode({ type: 'ping' })),
      lost: (words) => this.#lost(lossOf(new Error(words))),
    })
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

  /** How the flow of datagrams is doing, where data travels so. */
  get flow(): FlowStats | undefined {
    return this.#carrier?.stats
  }

  /**
   * Takes a TLS socket that proved to know the key. The connecting side gives the `greeting` that it begins with; the
   * listening side answers with what it hears. Resolves once it carries frames, or to false.
   */
  join(socket: TLSSocket, keys: LinkKeys, greeting?: Greeting): Promise<boolean> {
    return new Promise((resolve) => {
      let joined = false
      const stand = (agreed: Greeting) => {
        joined = true
        this.#control = connection
        this.#silence.stands(new OwnAddress(socket), agreed.transport === 'udp')
        this.#keys = keys
        if (agreed.transport === 'tcp') this.#begin()
        this.#out.stands(agreed)
        this.#roundTrip.begin()
        resolve(true)
      }
      const connection = new ControlConnection(socket, this.#options.pool, {
        greeted: (heard) => {
          const isTaken = this.#control !== undefined && this.#control !== connection
          if (this.#down || isTaken || !this.#fits(heard, 0, greeting)) {
            connection.destroy()
            return
          }
          if (greeting === undefined) connection.greet({ ...heard, role: this.#options.role })
          if (!joined) stand(heard)
        },
        frame: (type, payload) => this.#controlFrame(type, payload),
        heard: () => this.#silence.heard(),
        drained: () => this.#deliver(),
        closed: (error) => {
          this.#all.delete(connection)
          this.#isOver()
          resolve(false)
          if (joined) this.#parted(lossOf(error ?? new Error('The other agent closed the connection')))
        },
      })
      this.#all.add(connection)
      if (this.#down) connection.destroy()
      if (this.#down || greeting === undefined) return
      connection.greet(greeting)
      // The handshake proved the peer, and datagrams got through to it: its answer is not waited for.
      if (greeting.transport === 'udp' && this.#control === undefined) stand(greeting)
    })
  }

  /** Takes a plain socket as connection `index` for data; see `BulkPath`. */
  add(socket: Socket, index: number, isOurs: boolean): Promise<boolean> {
    if (this.#keys !== undefined && !this.#down) return this.#bulk.add(socket, index, this.#keys, isOurs)
    socket.destroy()
    return Promise.resolve(false)
  }

  /**
   * From here on control frames and data travel as a flow of datagrams; the TLS connection stays, as the sign that the
   * peer is there.
   */
  carry(options: Pick<CarrierOptions, 'socket' | 'peer' | 'datagram' | 'roundTrip' | 'expected'>): void {
    if (this.#keys === undefined || this.#down) return
    const { pool, bucket } = this.#options
    this.#carrier = new FlowCarrier(
      { ...options, keys: this.#keys, pool, rate: bucket.rate },
      {
        control: (type, payload) => this.#controlFrame(type, payload),
        data: (type, payload) => this.#data(type, payload),
        heard: () => this.#silence.heard(),
        drained: () => this.#deliver(),
        flushed: (bytes) => this.#out.flushed(bytes),
        sent: (frame) => this.#out.sent(frame),
        room: () => this.pump(),
        closed: (error) => this.#flowClosed(error),
      },
    )
    this.#carrier.pause('data', this.#paused)
    this.#out.window(flowFrames)
    this.#begin()
    // The listening side learns from the first datagram where its peer is.
    this.control(encode({ type: 'ping' }))
  }

  /** Sends whole control frames. */
  control(frames: Buffer): void {
    if (this.#down) return
    if (!this.#isReady) {
      this.#early.push(frames)
    } else if (this.#carrier === undefined) {
      this.#control?.send(frames, () => this.#out.flushed(frames.length))
    } else {
      this.#carrier.control(frames)
    }
  }

  /** Frames that were given before the link stood go first. */
  #begin(): void {
    this.#isReady = true
    for (const frames of this.#early.splice(0)) this.control(frames)
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

  /** Bytes a second for what this side sends; negative is no limit. */
  rate(bytesPerSecond: number): void {
    this.#options.bucket.setRate(bytesPerSecond)
    this.#carrier?.setRate(bytesPerSecond)
    this.pump()
  }

  /** Moves what network and rate allow, and comes back for the rest. */
  pump(): void {
    if (this.#down) return
    if (this.#carrier === undefined) this.#bulk.pump(this.#queue)
    else this.#carrier.pump(this.#queue)
  }

  /** Stops and resumes reading of data, while this side cannot keep up. */
  pause(paused: boolean): void {
    this.#paused = paused
    this.#carrier?.pause('data', paused)
    this.#bulk.pause(paused)
  }

  /** The same for control frames. */
  pauseControl(paused: boolean): void {
    this.#silence.isDeaf = paused && this.#carrier === undefined
    if (this.#carrier === undefined) this.#control?.pause(paused)
    else this.#carrier.pause('control', paused)
  }

  /** Closes the link after what was said so far. */
  close(): void {
    this.#shut(undefined)
  }

  /** Cuts the link and tells the peer why. */
  cut(fault: LinkFault): void {
    this.control(encode({ type: 'stop', code: fault.code, message: fault.message }))
    this.#shut(fault)
  }

  #fits(heard: Greeting, index: number, ours: Greeting | undefined): boolean {
    if (heard.role === this.#options.role || heard.index !== index) return false
    if (ours === undefined) return this.#options.accepts(heard)
    return heard.transport === ours.transport && heard.datagram === ours.datagram
  }

  #isOver(): void {
    const isFlowing = this.#carrier?.hasEnded === false
    if (this.#down && this.#all.size === 0 && this.#bulk.isEmpty && !isFlowing) this.#out.over()
  }

  /** Whoever asks again and again, and reads no answer, gets none. */
  get #isFull(): boolean {
    return (this.#carrier ?? this.#control)?.isFull ?? false
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
        if (type === frameType.pong) this.#roundTrip.pong()
        else if (!this.#isFull) this.control(encode({ type: 'pong' }))
      } else {
        this.#heard.add(type, payload.bytes)
      }
      payload.release()
    } catch (error) {
      this.cut(failureOf(error))
    }
  }

  /** What was heard in one go is handed over in one go. */
  #deliver(): void {
    const frames = this.#heard.take()
    if (!this.#down && frames !== undefined) this.#out.control(frames)
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

  #flowClosed(error: Error | undefined): void {
    this.#deliver()
    if (this.#down) {
      // The last word is over.
      for (const connection of this.#all) connection.destroy()
      this.#isOver()
    } else if (error === undefined) {
      this.#lost(lossOf(new Error('The other agent closed the connection')))
    } else {
      this.#lost(failureOf(error))
    }
  }

  #bulkBroke(error: Error | undefined): void {
    if (this.#down) return
    if (error instanceof ProtocolError) {
      this.cut(failureOf(error))
    } else {
      const fault = lossOf(error ?? new Error('The other agent closed a connection'))
      if (this.#all.size === 0) this.#parted(fault)
      else this.#ebb.begin(fault)
    }
  }

  /** The control connection is gone: all that can still come is data that the peer had sent before. */
  #parted(fault: LinkFault): void {
    if (this.#options.role === 'send' || this.#bulk.size === 0) this.#lost(fault)
    else this.#ebb.begin(fault)
  }

  #shut(fault: LinkFault | undefined): void {
    if (this.#down) return
    this.#deliver()
    this.#end()
    if (this.#carrier === undefined) {
      for (const connection of this.#all) connection.end()
      this.#bulk.destroy()
    } else {
      const carrier = this.#carrier
      carrier.close()
      setTimeout(() => carrier.destroy(), lingerMs).unref()
    }
    this.#out.down(fault)
    this.#isOver()
  }

  #lost(fault: LinkFault): void {
    if (this.#down) return
    this.#deliver()
    this.fellSilent = this.#silence.isLong
    this.#end()
    this.#carrier?.destroy()
    this.#bulk.destroy()
    for (const connection of this.#all) connection.destroy()
    this.#out.down(fault)
    this.#isOver()
  }

  #end(): void {
    this.#down = true
    this.#silence.end()
    this.#ebb.end()
    for (const frame of this.#queue.splice(0)) this.#out.sent(frame)
  }
}
