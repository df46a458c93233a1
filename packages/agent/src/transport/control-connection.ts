import type { TLSSocket } from 'node:tls'
import { FrameDecoder, type Payload } from '@waybill/asc'
import type { BufferPool } from './buffers.js'
import { encodeGreeting, type Greeting, greetingMs, readGreeting } from './greeting.js'

export interface ConnectionEvents {
  /** The first frame of the peer. */
  greeted(greeting: Greeting): void
  frame(type: number, payload: Payload): void
  /** Bytes arrived, of whatever kind: the link is alive. */
  heard(): void
  /** All that one read of the socket brought was handed out. */
  drained(): void
  closed(error: Error | undefined): void
}

const lingerMs = 2000
/** Writes that a peer may leave waiting before it is told no more than has to be. */
export const mostWaiting = 4096

/** The TLS connection of a link: control frames in order. Its key proves the peer, and is where other keys come from. */
export class ControlConnection {
  readonly #socket: TLSSocket
  readonly #events: ConnectionEvents
  readonly #decoder: FrameDecoder
  readonly #greeting: NodeJS.Timeout
  #greeted = false
  #waiting = 0
  #error: Error | undefined

  constructor(socket: TLSSocket, pool: BufferPool, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
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
      events.closed(this.#error)
    })
  }

  greet(greeting: Greeting): void {
    this.send(encodeGreeting(greeting))
  }

  /** Whether more was said than a peer that reads would leave waiting. */
  get isFull(): boolean {
    return this.#waiting >= mostWaiting
  }

  /** Sends whole frames; `taken` when the network has them, or never will. */
  send(frames: Buffer, taken?: () => void): void {
    this.#waiting++
    this.#socket.write(frames, () => {
      this.#waiting--
      taken?.()
    })
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
    const greeting = readGreeting(type, payload)
    this.#greeted = true
    clearTimeout(this.#greeting)
    this.#events.greeted(greeting)
  }
}
