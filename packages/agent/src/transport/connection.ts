import type { TLSSocket } from 'node:tls'
import {
  decode,
  encode,
  FrameDecoder,
  frameType,
  type Payload,
  ProtocolError,
  protocolVersion,
} from '@waybill/asc'
import type { BufferPool } from './buffers.js'
import type { TokenBucket } from './token-bucket.js'

/** Who this side is, said in the first frame of each connection. */
export interface Greeting {
  readonly role: 'send' | 'receive'
  readonly index: number
  readonly total: number
}

export interface ConnectionEvents {
  /** The first frame of the peer. */
  greeted(greeting: Greeting): void
  frame(type: number, payload: Payload): void
  /** Bytes arrived, of whatever kind: the link is alive. */
  heard(): void
  /** All that one `read` of the socket brought was handed out. */
  drained(): void
  /** A data frame left, so that there is room for another one. */
  room(): void
  closed(error: Error | undefined): void
}

interface Outgoing {
  readonly frame: Buffer
  readonly sent: () => void
  offset: number
}

function nothing(): void {
  // The frame's memory belongs to the garbage collector.
}

/** How long a peer that proved its key may take to say hello. */
const greetingMs = 10_000
const lingerMs = 2000

/** Frames of data that a connection holds at a time: one on the wire, one behind it. */
const dataFrames = 2

/** One authenticated TLS connection that carries frames, with its share of the session's rate. */
export class Connection {
  readonly #socket: TLSSocket
  readonly #events: ConnectionEvents
  readonly #decoder: FrameDecoder
  readonly #bucket: TokenBucket
  readonly #control: Outgoing[] = []
  readonly #data: Outgoing[] = []
  readonly #greeting: NodeJS.Timeout
  #greeted = false
  #busy = 0
  #error: Error | undefined

  constructor(socket: TLSSocket, pool: BufferPool, bucket: TokenBucket, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    this.#bucket = bucket
    this.#decoder = new FrameDecoder(pool, (type, payload) => this.#frame(type, payload))
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#push(bytes))
    socket.on('error', (error) => {
      this.#error ??= error
    })
    this.#greeting = setTimeout(() => this.destroy(new Error('No greeting in time')), greetingMs)
    socket.on('close', () => {
      clearTimeout(this.#greeting)
      this.#decoder.close()
      for (const { sent } of this.#data.splice(0)) sent()
      events.closed(this.#error)
    })
  }

  greet(greeting: Greeting): void {
    this.control(encode({ type: 'hello', version: protocolVersion, ...greeting }))
  }

  /** Bytes that wait to be taken by the network. */
  get backlog(): number {
    return this.#socket.writableLength
  }

  /** Takes the right to send one frame of data, if there is room for it; to be used or given back. */
  reserve(): boolean {
    if (this.#busy >= dataFrames || this.#socket.destroyed) return false
    this.#busy++
    return true
  }

  get load(): number {
    return this.#busy
  }

  unreserve(): void {
    this.#busy--
  }

  /** Sends a frame of data for which `reserve` was granted; `sent` when its memory is free again. */
  data(frame: Buffer, sent: () => void): void {
    const through = () => {
      this.#busy--
      sent()
      this.#events.room()
    }
    if (this.#socket.destroyed) {
      through()
    } else if (!this.#bucket.limited && this.#data.length === 0) {
      this.#socket.write(frame, through)
    } else {
      this.#data.push({ frame, sent: through, offset: 0 })
    }
  }

  /** Sends a control frame, in front of data that has not begun yet. */
  control(frame: Buffer): void {
    if (this.#socket.destroyed) return
    const current = this.#data[0]
    if (current === undefined || current.offset === 0) this.#socket.write(frame)
    else this.#control.push({ frame, sent: nothing, offset: 0 })
  }

  /** Moves what the rate allows now. Answers whether data is left that waits for the rate. */
  pace(now: number): boolean {
    for (;;) {
      const current = this.#data[0]
      if (current === undefined || this.#socket.destroyed) return false
      const length = this.#bucket.take(current.frame.length - current.offset, now)
      if (length === 0) return true
      const end = current.offset + length
      const last = end === current.frame.length
      this.#socket.write(current.frame.subarray(current.offset, end), last ? current.sent : nothing)
      current.offset = end
      if (!last) continue
      this.#data.shift()
      for (const { frame } of this.#control.splice(0)) this.#socket.write(frame)
    }
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Sends what is under way, then closes; a peer that does not take it is not waited for long. */
  end(): void {
    this.#socket.resume()
    this.#socket.destroySoon()
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#socket.destroy()
  }

  #push(bytes: Buffer): void {
    this.#events.heard()
    try {
      this.#decoder.push(bytes)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (this.#greeted) this.#events.drained()
  }

  #frame(type: number, payload: Payload): void {
    if (this.#greeted) {
      this.#events.frame(type, payload)
      return
    }
    if (type !== frameType.hello) throw new ProtocolError('state', 'the first frame is no hello')
    const frame = decode(type, payload.bytes)
    payload.release()
    if (frame.type !== 'hello') return
    if (frame.version !== protocolVersion) {
      throw new ProtocolError('version', `the peer speaks version ${frame.version} of the protocol`)
    }
    this.#greeted = true
    clearTimeout(this.#greeting)
    this.#events.greeted(frame)
  }
}
