import type { Socket } from 'node:net'
import { kernelRoundTrip } from '../platform/sockets.js'
import { DatagramSocket, type Peer } from '../transport/datagrams/datagram-socket.js'
import { type Probed, Prober } from '../transport/datagrams/probe.js'
import { probeWait, triesDatagrams, type Unreached } from './choice.js'

/** How data travels to a peer. */
export type Way =
  | { readonly kind: 'tcp'; readonly roundTrip: number }
  | ({ readonly kind: 'udp'; readonly socket: DatagramSocket; readonly peer: Peer } & Probed)

/** A connection that was made, or is being made. */
type Dialled = Pick<Socket, 'remoteAddress' | 'remotePort'>

interface Probing {
  readonly socket: DatagramSocket
  readonly prober: Prober
}

interface Attempt {
  readonly roundTrip: number
  /** Undefined where datagrams are not to be tried, or no socket can be had. */
  readonly probing: Promise<Probing | undefined>
}

/**
 * Finds out while TLS is made whether datagrams get through, so that asking takes no time of its own. Each connection
 * that is tried has its own probes.
 */
export class WayFinder {
  readonly #asked: 'auto' | 'tcp' | 'udp'
  readonly #key: Buffer
  readonly #unreached: Unreached
  readonly #attempts = new Map<Dialled, Attempt>()
  #taken: DatagramSocket | undefined
  #numbers = 0

  constructor(asked: 'auto' | 'tcp' | 'udp', key: Buffer, unreached: Unreached) {
    this.#asked = asked
    this.#key = key
    this.#unreached = unreached
  }

  /** TCP stands, which took `measured` milliseconds: probing begins. */
  begin(socket: Dialled, measured: number): void {
    const roundTrip = kernelRoundTrip(socket) ?? measured
    const { remoteAddress: address, remotePort: port } = socket
    const hasFailed = this.#unreached.has(address ?? '', performance.now())
    const tries = triesDatagrams(this.#asked, { roundTrip, hasFailed })
    const probing =
      tries && address !== undefined && port !== undefined
        ? this.#probe({ address, port }, roundTrip)
        : Promise.resolve(undefined)
    this.#attempts.set(socket, { roundTrip, probing })
  }

  /** How data is to travel to where this connection leads. Throws where it has to be datagrams and cannot. */
  async choose(socket: Dialled): Promise<Way> {
    const attempt = this.#attempts.get(socket)
    const roundTrip = attempt?.roundTrip ?? 0
    const probing = await attempt?.probing
    const probed = await probing?.prober.result(probeWait(this.#asked, roundTrip))
    const { remoteAddress: address = '', remotePort: port = 0 } = socket
    if (probing !== undefined && probed !== undefined) {
      // A machine that was busy when TCP answered may have taken a short way for a long one.
      const isShort = !triesDatagrams(this.#asked, { roundTrip: probed.roundTrip, hasFailed: false })
      if (isShort) return { kind: 'tcp', roundTrip: probed.roundTrip }
      this.#taken = probing.socket
      return { kind: 'udp', socket: probing.socket, peer: { address, port }, ...probed }
    }
    if (this.#asked === 'udp') {
      throw new Error(
        `Datagrams do not get through to ${address}: open port ${port} for UDP there, or set transfer_transport to auto`,
      )
    }
    if (probing !== undefined) this.#unreached.add(address, performance.now())
    return { kind: 'tcp', roundTrip }
  }

  /** Closes what was not chosen; what was is for the caller to close. */
  async end(): Promise<void> {
    const attempts = [...this.#attempts.values()]
    this.#attempts.clear()
    for (const { probing } of attempts) {
      const found = await probing
      if (found === undefined) continue
      found.prober.end()
      if (found.socket !== this.#taken) found.socket.close()
    }
  }

  async #probe(peer: Peer, roundTrip: number): Promise<Probing | undefined> {
    try {
      const socket = await DatagramSocket.towards(peer.address)
      const first = this.#numbers
      this.#numbers += Prober.numbers
      const every = Math.max(20, roundTrip)
      return { socket, prober: new Prober(socket, peer, this.#key, { first, every }) }
    } catch {
      return undefined
    }
  }
}
