import type { TLSSocket } from 'node:tls'
import type { OpenResult } from '@waybill/api'
import { largestDatagram, type Payload, smallestDatagram, type Transport } from '@waybill/asc'
import { kernelRoundTrip } from '../platform/sockets.js'
import type { BufferPool } from '../transport/buffers.js'
import { type Dial, dialAny, dialPlain } from '../transport/connector.js'
import { answerProbes } from '../transport/datagrams/probe.js'
import type { Greeting } from '../transport/greeting.js'
import { Link } from '../transport/link.js'
import { LinkKeys } from '../transport/link-keys.js'
import type { LinkListener } from '../transport/listener.js'
import { checkCipher, cipherNames } from '../transport/secure.js'
import { TokenBucket } from '../transport/token-bucket.js'
import { distanceMs, firstConnections, type Unreached } from './choice.js'
import { type Way, WayFinder } from './dialling.js'
import { type LinkFault, unreachable } from './faults.js'
import { Growth, growthEvery } from './growth.js'
import type { KnownRates } from './known-rates.js'
import type { FromNetwork, LinkSpec, Post } from './messages.js'

export interface HostShared {
  readonly pool: BufferPool
  readonly listener: LinkListener
  /** Peers that datagrams do not reach. */
  readonly unreached: Unreached
  /** What flows of datagrams measured. */
  readonly rates: KnownRates
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
const mostLent = 12 * 1024 * 1024
const mostControl = 4 * 1024 * 1024

/** Packets with data after which the rate that a flow measured is worth to be remembered. */
const packetsToLearn = 5000

/** One link on the side of the sockets: makes it, and holds the session to what it may have at a time. */
export class HostedLink {
  readonly #id: number
  readonly #spec: LinkSpec
  readonly #shared: HostShared
  readonly #events: HostedLinkEvents
  readonly #link: Link
  #lent = 0
  #control = 0
  #asked = false
  #paused = false
  #expecting: NodeJS.Timeout | undefined
  #endAnswers: (() => void) | undefined
  /** How data travels, as the connecting side chose. */
  #way: Way | undefined
  #transport: Transport = 'tcp'
  #roundTrip: number | undefined
  #address: string | undefined
  #growing: NodeJS.Timeout | undefined
  /** Bytes of data that went either way. */
  #moved = 0

  constructor(id: number, spec: LinkSpec, shared: HostShared, events: HostedLinkEvents) {
    this.#id = id
    this.#spec = spec
    this.#shared = shared
    this.#events = events
    this.#link = new Link(
      {
        role: spec.role,
        silenceMs: shared.silenceMs,
        pool: shared.pool,
        bucket: new TokenBucket(spec.rate),
        accepts: (greeting) => this.#accepts(greeting),
      },
      {
        stands: (greeting) => this.#stands(greeting),
        control: (frames) => this.#deliver(frames),
        data: (type, payload) => this.#lend(type, payload),
        flushed: (bytes) => events.post({ type: 'flushed', link: this.#id, bytes }),
        sent: (frame) => this.#giveBack(frame),
        window: (frames) => events.post({ type: 'window', link: this.#id, frames }),
        roundTrip: (milliseconds) => events.post({ type: 'roundTrip', link: this.#id, milliseconds }),
        down: (fault) => this.#down(fault),
        over: () => this.#over(),
      },
    )
  }

  /** Listens or connects; what comes of it is posted. */
  open(): void {
    const { link } = this.#spec
    const opening = link.kind === 'listen' ? this.#listen(link.ports) : this.#connect(link)
    opening.then(
      (result) => this.#events.post({ type: 'opened', link: this.#id, result }),
      (error: unknown) => this.#link.cut(unreachable(error)),
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
    this.#link.rate(bytesPerSecond)
  }

  close(): void {
    this.#link.close()
  }

  async #listen(ports: readonly [number, number]): Promise<OpenResult> {
    const { identity, key, cipher, transport } = this.#spec
    const { listener } = this.#shared
    const secret = Buffer.from(key, 'base64')
    const port = await listener.expect(
      {
        identity,
        key: secret,
        connected: (socket) => {
          try {
            checkCipher(socket, cipher)
            this.#roundTrip = kernelRoundTrip(socket)
            this.#address = socket.remoteAddress
            void this.#link.join(socket, LinkKeys.of(socket, cipher, false))
          } catch (error) {
            socket.destroy()
            this.#link.cut(unreachable(error))
          }
        },
      },
      ports,
    )
    const { datagrams } = listener
    if (datagrams !== undefined && transport !== 'tcp') this.#endAnswers = answerProbes(datagrams, secret)
    this.#expecting = setTimeout(() => {
      if (!this.#link.stands) this.#link.cut(unreachable(new Error('The other agent did not connect')))
    }, this.#shared.expectMs)
    return { port, cipher: null }
  }

  async #connect(link: Extract<LinkSpec['link'], { kind: 'connect' }>): Promise<OpenResult> {
    const { identity, cipher, transport = 'auto' } = this.#spec
    const key = Buffer.from(this.#spec.key, 'base64')
    const ways = new WayFinder(transport, key, this.#shared.unreached)
    const { dialMs: timeoutMs } = this.#shared
    const connected = (socket: TLSSocket, ms: number) => ways.begin(socket, ms)
    const options: Dial = { ...link, identity, key, cipher, timeoutMs, connected }
    try {
      // One after the other: of several addresses that answer, the first makes the link.
      let turn = Promise.resolve(false)
      const { host } = await dialAny(options, async (socket) => {
        const way = await ways.choose(socket)
        turn = turn.then(() => this.#join(socket, way))
        return turn
      })
      if (this.#way?.kind === 'tcp') await this.#dialMore(host, options, this.#way.roundTrip)
      return { port: null, cipher: cipherNames[cipher], ...this.#line() }
    } finally {
      await ways.end()
    }
  }

  async #join(socket: TLSSocket, way: Way): Promise<boolean> {
    const { cipher, role } = this.#spec
    if (!this.#link.stands) {
      this.#way = way
      const datagram = way.kind === 'udp' ? way.datagram : 0
      const greeting: Greeting = { role, index: 0, transport: way.kind, datagram }
      if (await this.#link.join(socket, LinkKeys.of(socket, cipher, true), greeting)) return true
    }
    if (way.kind === 'udp') way.socket.close()
    return false
  }

  /** Makes the connections for data, and over a distance more of them while that helps. */
  async #dialMore(host: string, options: Dial, roundTrip: number): Promise<void> {
    const { connections } = this.#spec
    let last = 0
    const add = async (count: number) => {
      const all = Array.from({ length: count }, async () => {
        const index = ++last
        await this.#link.add(await dialPlain(host, options), index, true)
      })
      await Promise.all(all)
    }
    const count = connections === 'auto' ? firstConnections(roundTrip) : connections
    await add(count)
    if (this.#link.connections === 0) throw new Error('No connection for data could be made')
    if (connections !== 'auto' || roundTrip < distanceMs) return
    const growth = new Growth(count)
    this.#growing = setInterval(() => {
      if (growth.isOver) clearInterval(this.#growing)
      // One that cannot be made is one that is not needed.
      else add(growth.look(this.#moved)).catch(() => undefined)
    }, growthEvery)
  }

  #accepts({ transport, datagram }: Greeting): boolean {
    const asked = this.#spec.transport ?? 'auto'
    if (transport === 'tcp') return asked !== 'udp'
    const fits = datagram >= smallestDatagram && datagram <= largestDatagram
    return asked !== 'tcp' && fits && this.#shared.listener.datagrams !== undefined
  }

  /** Both sides know each other: data can travel as was agreed. */
  #stands({ transport, datagram }: Greeting): void {
    clearTimeout(this.#expecting)
    const { listener } = this.#shared
    const { keys } = this.#link
    const isListener = this.#spec.link.kind === 'listen'
    if (transport === 'udp') {
      const roundTrip = this.#way?.roundTrip ?? this.#roundTrip
      const way = this.#way?.kind === 'udp' ? this.#way : undefined
      const socket = way?.socket ?? listener.datagrams
      if (socket === undefined) return
      this.#address = way?.peer.address ?? this.#address
      const expected = this.#shared.rates.of(this.#address, performance.now())
      this.#link.carry({ socket, datagram, peer: way?.peer, roundTrip, expected })
    } else if (isListener && keys !== undefined) {
      listener.stands(keys.id, {
        take: (plain, index, proved) => {
          void this.#link.add(plain, index, false).then((ok) => ok && proved())
        },
      })
    }
    this.#transport = transport
    const cipher = cipherNames[this.#spec.cipher]
    this.#events.post({ type: 'stands', link: this.#id, cipher, ...this.#line() })
  }

  /** What data travels over, for people and for decisions. */
  #line(): Pick<OpenResult, 'line'> {
    const roundTrip = this.#way?.roundTrip ?? this.#roundTrip ?? null
    return { line: { transport: this.#transport, connections: this.#link.connections, roundTrip } }
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
    this.#moved += length
    this.#events.post({ type: 'data', link: this.#id, frame, memory, at, length }, [memory])
    this.#throttle()
  }

  #giveBack(frame: Buffer): void {
    const { buffer: memory } = frame
    this.#moved += frame.length
    if (memory instanceof ArrayBuffer) this.#events.post({ type: 'sent', link: this.#id, memory }, [memory])
  }

  #throttle(): void {
    const limit = this.#paused ? mostLent / 2 : mostLent
    const paused = this.#asked || this.#lent > limit
    if (paused === this.#paused) return
    this.#paused = paused
    this.#link.pause(paused)
  }

  #down(fault: LinkFault | undefined): void {
    clearTimeout(this.#expecting)
    clearInterval(this.#growing)
    this.#endAnswers?.()
    this.#learnRate()
    if (this.#link.fellSilent && this.#way?.kind === 'udp') {
      this.#shared.unreached.add(this.#way.peer.address, performance.now())
    }
    this.#events.post({ type: 'down', link: this.#id, fault })
  }

  /** Only who sent much has measured the path. */
  #learnRate(): void {
    const { flow } = this.#link
    if (this.#address === undefined || flow === undefined || flow.packets < packetsToLearn) return
    this.#shared.rates.learn(this.#address, flow.rate, performance.now())
  }

  #over(): void {
    this.#shared.listener.forget(this.#spec.identity, this.#link.keys?.id)
    if (this.#way?.kind === 'udp') this.#way.socket.close()
    this.#way = undefined
    this.#events.over()
  }
}
