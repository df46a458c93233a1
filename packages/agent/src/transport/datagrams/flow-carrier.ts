import {
  batchBytes,
  Flow,
  type FlowStats,
  type FlowStream,
  FrameDecoder,
  type Payload,
  ProtocolError,
} from '@waybill/asc'
import type { BufferPool } from '../buffers.js'
import { mostWaiting } from '../control-connection.js'
import type { LinkKeys } from '../link-keys.js'
import type { DatagramSocket, Peer } from './datagram-socket.js'
import { DatagramSealer } from './flow-sealer.js'

export interface CarrierEvents {
  /** A frame came, over the stream of control frames or that of data. */
  control(type: number, payload: Payload): void
  data(type: number, payload: Payload): void
  /** An authentic datagram came: the link is alive. */
  heard(): void
  /** What one turn brought was handed out. */
  drained(): void
  /** So many bytes of control frames were taken. */
  flushed(bytes: number): void
  /** All of a frame of data was taken: its memory is free. */
  sent(frame: Buffer): void
  /** There may be room for data. */
  room(): void
  /** Once: the peer closed, or with an error broke a promise, or all that was said is through. */
  closed(error: Error | undefined): void
}

export interface CarrierOptions {
  readonly socket: DatagramSocket
  /** Where the peer is; undefined until it was heard. */
  readonly peer: Peer | undefined
  readonly keys: LinkKeys
  readonly datagram: number
  readonly roundTrip: number | undefined
  /** What the path delivered a while ago, bytes a second. */
  readonly expected: number | undefined
  readonly pool: BufferPool
  readonly rate: number
}

/** Batches of datagrams that are kept to be filled again. */
const batchesKept = 16

/** One flow of datagrams over a socket, as frames: control frames and data, in both directions. */
export class FlowCarrier {
  readonly #socket: DatagramSocket
  readonly #events: CarrierEvents
  readonly #flow: Flow
  readonly #name: Buffer
  readonly #control: FrameDecoder
  readonly #data: FrameDecoder
  #peer: Peer | undefined
  readonly #free: Buffer[] = []
  #unwritten: Buffer[] = []
  /** Of the first frame of data, what was taken already. */
  #taken = 0
  readonly #paused = { control: false, data: false }
  /** What the peer is not told of while it is paused; bytes. */
  readonly #withheld = { control: 0, data: 0 }
  #polling: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(options: CarrierOptions, events: CarrierEvents) {
    const { socket, peer, keys, datagram, roundTrip, expected, pool, rate } = options
    this.#socket = socket
    this.#events = events
    this.#peer = peer
    const { id, ...both } = keys.flow()
    this.#name = id
    this.#control = new FrameDecoder(pool, (type, payload) => events.control(type, payload))
    // Data goes to another thread, and so needs memory of its own.
    this.#data = new FrameDecoder(pool, (type, payload) => events.data(type, payload), { views: false })
    this.#flow = new Flow(
      {
        id,
        datagram,
        sealer: new DatagramSealer(both),
        now: performance.now(),
        ...(roundTrip !== undefined && { rtt: roundTrip }),
        ...(expected !== undefined && { expected }),
      },
      {
        memory: () => this.#free.pop() ?? Buffer.allocUnsafeSlow(batchBytes),
        send: (bytes, size) => this.#send(bytes, size),
        data: (stream, bytes) => this.#receive(stream, bytes),
        room: (stream) => this.#room(stream),
        closed: (error) => this.#end(error),
      },
    )
    this.#flow.setRate(rate)
    socket.route(id, (bytes, from) => this.#datagram(bytes, from))
  }

  get stats(): FlowStats {
    return this.#flow.stats
  }

  /** Whether more was said than a peer that listens would leave waiting. */
  get isFull(): boolean {
    return this.#unwritten.length >= mostWaiting
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** Sends whole control frames; what there is no room for waits. */
  control(frames: Buffer): void {
    this.#unwritten.push(frames)
    this.#writeControl()
    this.#plan()
  }

  /** Takes what there is room for of frames of data, front to back. */
  pump(queue: Buffer[]): void {
    for (let frame = queue[0]; frame !== undefined; frame = queue[0]) {
      this.#taken += this.#flow.write('data', frame.subarray(this.#taken))
      this.#plan()
      if (this.#taken < frame.length) return
      this.#taken = 0
      queue.shift()
      this.#events.sent(frame)
    }
  }

  /** While a stream is paused the peer is not told that it may send more of it. */
  pause(stream: FlowStream, paused: boolean): void {
    this.#paused[stream] = paused
    if (paused || this.#withheld[stream] === 0) return
    this.#flow.consumed(stream, this.#withheld[stream])
    this.#withheld[stream] = 0
    this.#plan()
  }

  setRate(bytesPerSecond: number): void {
    this.#flow.setRate(bytesPerSecond)
    this.#plan()
  }

  /** Brings over what was written, then says goodbye; `closed` tells when that is done. */
  close(): void {
    this.#flow.close()
    this.#plan()
  }

  /** Ends it at once. */
  destroy(): void {
    this.#end(undefined)
  }

  #send(bytes: Buffer, size: number): void {
    const through = () => {
      if (this.#free.length < batchesKept) this.#free.push(Buffer.from(bytes.buffer))
    }
    if (this.#peer === undefined) through()
    else this.#socket.send(bytes, size, this.#peer, through)
  }

  #datagram(bytes: Buffer, from: Peer): void {
    if (this.#ended || !this.#flow.receive(bytes, performance.now())) return
    // Only who knows the key can move it: a peer may get another address while it lives.
    if (from.address !== this.#peer?.address || from.port !== this.#peer.port) {
      this.#peer = { address: from.address, port: from.port }
    }
    this.#events.heard()
    this.#plan()
  }

  #receive(stream: FlowStream, bytes: Buffer): void {
    if (this.#ended) return
    try {
      const decoder = stream === 'control' ? this.#control : this.#data
      decoder.push(bytes)
      if (this.#paused[stream]) this.#withheld[stream] += bytes.length
      else this.#flow.consumed(stream, bytes.length)
    } catch (error) {
      this.#end(error instanceof Error ? error : new ProtocolError('frame', String(error)))
    }
  }

  #room(stream: FlowStream): void {
    if (stream === 'control') this.#writeControl()
    else this.#events.room()
  }

  #writeControl(): void {
    while (this.#unwritten.length > 0) {
      const [frames = Buffer.alloc(0), ...others] = this.#unwritten
      const taken = this.#flow.write('control', frames)
      if (taken > 0) this.#events.flushed(taken)
      this.#unwritten = taken < frames.length ? [frames.subarray(taken), ...others] : others
      if (taken < frames.length) return
    }
  }

  /** Once per turn, after all that came in it. */
  #plan(): void {
    if (this.#ended) return
    this.#polling ??= setImmediate(() => {
      this.#polling = undefined
      this.#poll()
    })
  }

  #poll(): void {
    if (this.#ended) return
    this.#events.drained()
    clearTimeout(this.#timer)
    // What was sent to nobody would count as lost, and be missed for some round trips.
    if (this.#peer === undefined) return
    const now = performance.now()
    const next = this.#flow.poll(now)
    if (this.hasEnded || next === Number.POSITIVE_INFINITY) return
    if (next <= now) this.#plan()
    else this.#timer = setTimeout(() => this.#poll(), Math.max(1, next - now))
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    clearImmediate(this.#polling)
    this.#socket.unroute(this.#name)
    this.#control.close()
    this.#data.close()
    this.#events.closed(error)
  }
}
