import type { OpenResult } from '@waybill/api'
import type { Payload } from '@waybill/asc'
import type { BufferPool } from '../transport/buffers.js'
import { type Dial, dialAny, dialPlain } from '../transport/connector.js'
import type { Greeting } from '../transport/greeting.js'
import { Link } from '../transport/link.js'
import { LinkKeys } from '../transport/link-keys.js'
import type { LinkListener } from '../transport/listener.js'
import { checkCipher, cipherNames } from '../transport/secure.js'
import { TokenBucket } from '../transport/token-bucket.js'
import { type LinkFault, unreachable } from './faults.js'
import type { FromNetwork, LinkSpec, Post } from './messages.js'

export interface HostShared {
  readonly pool: BufferPool
  readonly listener: LinkListener
  readonly silenceMs: number
  readonly expectMs: number
  readonly dialMs: number
}

export interface HostedLinkEvents {
  readonly post: Post<FromNetwork>
  /** Once: its sockets are closed. */
  over(): void
}

/** Payloads that may be with the session at a time, and control frames; bytes. Beyond that nothing is read. */
const mostLent = 24 * 1024 * 1024
const mostControl = 4 * 1024 * 1024

/** One link on the side of the sockets: makes it, and holds the session to what it may have at a time. */
export class HostedLink {
  readonly #id: number
  readonly #spec: LinkSpec
  readonly #shared: HostShared
  readonly #events: HostedLinkEvents
  readonly #bucket: TokenBucket
  readonly #link: Link
  #lent = 0
  #control = 0
  #asked = false
  #paused = false
  #expecting: NodeJS.Timeout | undefined

  constructor(id: number, spec: LinkSpec, shared: HostShared, events: HostedLinkEvents) {
    this.#id = id
    this.#spec = spec
    this.#shared = shared
    this.#events = events
    this.#bucket = new TokenBucket(spec.rate)
    this.#link = new Link(
      {
        role: spec.role,
        silenceMs: shared.silenceMs,
        pool: shared.pool,
        bucket: this.#bucket,
        accepts: (greeting) => this.#accepts(greeting),
      },
      {
        stands: (greeting) => this.#stands(greeting),
        control: (frames) => this.#deliver(frames),
        data: (type, payload) => this.#lend(type, payload),
        flushed: (bytes) => events.post({ type: 'flushed', link: this.#id, bytes }),
        sent: (frame) => this.#giveBack(frame),
        window: (frames) => events.post({ type: 'window', link: this.#id, frames }),
        down: (fault) => this.#down(fault),
        over: () => events.over(),
      },
    )
  }

  /** Listens or connects; what comes of it is posted. */
  open(): void {
    const { link } = this.#spec
    const opening = link.kind === 'listen' ? this.#listen(link.ports) : this.#connect(link)
    opening.then(
      (result) => this.#events.post({ type: 'opened', link: this.#id, result }),
      (error: unknown) => this.#cut(unreachable(error)),
    )
  }

  control(frames: Buffer): void {
    this.#link.control(frames)
  }

  data(frame: Buffer): void {
    this.#link.data(frame)
  }

  took(bytes: number): void {
    this.#control -= bytes
    if (this.#control <= mostControl / 2) this.#link.pauseControl(false)
  }

  /** The memory of a payload is free. */
  back(bytes: number): void {
    this.#lent -= bytes
    this.#throttle()
  }

  pause(paused: boolean): void {
    this.#asked = paused
    this.#throttle()
  }

  rate(bytesPerSecond: number): void {
    this.#bucket.setRate(bytesPerSecond)
    this.#link.pump()
  }

  close(): void {
    this.#link.close()
  }

  async #listen(ports: readonly [number, number]): Promise<OpenResult> {
    const { identity, key, cipher } = this.#spec
    const port = await this.#shared.listener.expect(
      {
        identity,
        key: Buffer.from(key, 'base64'),
        connected: (socket) => {
          try {
            checkCipher(socket, cipher)
            void this.#link.join(socket, LinkKeys.of(socket, cipher, false))
          } catch (error) {
            socket.destroy()
            this.#cut(unreachable(error))
          }
        },
      },
      ports,
    )
    this.#expecting = setTimeout(() => {
      if (!this.#link.stands) this.#cut(unreachable(new Error('The other agent did not connect')))
    }, this.#shared.expectMs)
    return { port, cipher: null }
  }

  async #connect(link: Extract<LinkSpec['link'], { kind: 'connect' }>): Promise<OpenResult> {
    const { identity, key, cipher, role } = this.#spec
    const options: Dial = {
      addresses: link.addresses,
      port: link.port,
      identity,
      key: Buffer.from(key, 'base64'),
      cipher,
      timeoutMs: this.#shared.dialMs,
    }
    const greeting: Greeting = { role, index: 0, transport: 'tcp', datagram: 0 }
    const { host } = await dialAny(options, (socket) =>
      this.#link.join(socket, LinkKeys.of(socket, cipher, true), greeting),
    )
    const connections = Array.from({ length: this.#count() }, async (_, index) => {
      await this.#link.add(await dialPlain(host, options), index + 1, true)
    })
    await Promise.all(connections)
    return { port: null, cipher: cipherNames[cipher] }
  }

  #count(): number {
    const { connections } = this.#spec
    return connections === 'auto' ? 2 : connections
  }

  #accepts(greeting: Greeting): boolean {
    return greeting.transport === 'tcp'
  }

  #stands(_greeting: Greeting): void {
    clearTimeout(this.#expecting)
    const { keys } = this.#link
    if (this.#spec.link.kind === 'listen' && keys !== undefined) {
      this.#shared.listener.stands(keys.id, {
        take: (socket, index, proved) => {
          void this.#link.add(socket, index, false).then((ok) => ok && proved())
        },
      })
    }
    this.#events.post({ type: 'stands', link: this.#id, cipher: cipherNames[this.#spec.cipher] })
  }

  #deliver(frames: Buffer): void {
    this.#control += frames.length
    if (this.#control > mostControl) this.#link.pauseControl(true)
    this.#events.post({ type: 'control', link: this.#id, frames })
  }

  #lend(frame: number, payload: Payload): void {
    const { buffer: memory, byteOffset: at, length } = payload.bytes
    if (!(memory instanceof ArrayBuffer)) throw new Error('A payload in memory that cannot travel')
    this.#lent += memory.byteLength
    this.#events.post({ type: 'data', link: this.#id, frame, memory, at, length }, [memory])
    this.#throttle()
  }

  #giveBack(frame: Buffer): void {
    const { buffer: memory } = frame
    if (memory instanceof ArrayBuffer) this.#events.post({ type: 'sent', link: this.#id, memory }, [memory])
  }

  #throttle(): void {
    const limit = this.#paused ? mostLent / 2 : mostLent
    const paused = this.#asked || this.#lent > limit
    if (paused === this.#paused) return
    this.#paused = paused
    this.#link.pause(paused)
  }

  /** Ends the link with a fault that it does not know of itself. */
  #cut(fault: LinkFault): void {
    this.#link.cut(fault)
  }

  #down(fault: LinkFault | undefined): void {
    clearTimeout(this.#expecting)
    this.#shared.listener.forget(this.#spec.identity, this.#link.keys?.id)
    this.#events.post({ type: 'down', link: this.#id, fault })
  }
}
