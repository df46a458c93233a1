import { isIPv6 } from 'node:net'
import { largestDatagram, smallestDatagram } from '@waybill/asc'
import { derive, sealKeys } from '../link-keys.js'
import { tagBytes } from '../sealing/gcm.js'
import { type DatagramSocket, nameBytes, type Peer } from './datagram-socket.js'
import { DatagramSealer } from './flow-sealer.js'

/** name of the link, number of the probe u32, both in the clear; then zeros up to its size, sealed. */
const headBytes = nameBytes + 4

/** Datagrams get through, of this size. */
export interface Probed {
  readonly datagram: number
  /** Milliseconds. */
  readonly roundTrip: number
}

/** Names and keys of probes; from the key of the session, so that they need not wait for the connection. */
function probeKeys(key: Buffer, isConnector: boolean) {
  const ways = ['connector', 'listener'].map((side) =>
    sealKeys('aes128', (length) => derive(key, `probe from ${side}`, length)),
  )
  const [connector, listener] = ways
  if (connector === undefined || listener === undefined) throw new Error('There are two sides')
  const [outgoing, incoming] = isConnector ? [connector, listener] : [listener, connector]
  return { name: derive(key, 'probe', nameBytes), sealer: new DatagramSealer({ outgoing, incoming }) }
}

function makeProbe(keys: ReturnType<typeof probeKeys>, number: number, size: number): Buffer {
  const probe = Buffer.alloc(size)
  keys.name.copy(probe)
  probe.writeUInt32LE(number, nameBytes)
  const plain = Buffer.alloc(size - headBytes - tagBytes)
  keys.sealer.seal(number, probe.subarray(0, headBytes), plain, probe, headBytes)
  return probe
}

/** The number of an authentic probe; undefined for anything else. */
function readProbe(keys: ReturnType<typeof probeKeys>, datagram: Buffer): number | undefined {
  if (datagram.length < headBytes + tagBytes) return undefined
  const number = datagram.readUInt32LE(nameBytes)
  const head = datagram.subarray(0, headBytes)
  return keys.sealer.open(number, head, datagram.subarray(headBytes)) === undefined ? undefined : number
}

/** Answers to one link: no probe is worth more of them than a connector sends. */
const mostAnswers = 64

/**
 * Answers probes of a link that is expected: the same bytes sealed the other way, so nobody gets more than was sent,
 * and nobody who does not know the key gets anything. Answers with what ends it.
 */
export function answerProbes(socket: DatagramSocket, key: Buffer): () => void {
  const keys = probeKeys(key, false)
  let left = mostAnswers
  socket.route(keys.name, (datagram, from) => {
    const number = left > 0 ? readProbe(keys, datagram) : undefined
    if (number === undefined) return
    left--
    socket.send(makeProbe(keys, number, datagram.length), datagram.length, from)
  })
  return () => socket.unroute(keys.name)
}

/** Times that both sizes are sent, and how long the large one may be behind the small one. */
const mostRounds = 12
const waitForLarge = 0.3

/** Finds out whether datagrams get through to a peer and back, of which size, and how long that takes. */
export class Prober {
  readonly #socket: DatagramSocket
  readonly #peer: Peer
  readonly #keys: ReturnType<typeof probeKeys>
  readonly #sizes: readonly number[]
  readonly #sent = new Map<number, { readonly size: number; readonly at: number }>()
  readonly #timer: NodeJS.Timeout
  #rounds = 0
  #best: Probed | undefined
  #settle: (() => void) | undefined
  #settling: NodeJS.Timeout | undefined

  /** `first` is the number of its first probe: numbers of one link must not come twice. Begins at once. */
  constructor(socket: DatagramSocket, peer: Peer, key: Buffer, options: { first: number; every: number }) {
    this.#socket = socket
    this.#peer = peer
    this.#keys = probeKeys(key, true)
    // What a packet of Ethernet holds beside the heads of IP and UDP.
    const isWide = isIPv6(peer.address) && !peer.address.startsWith('::ffff:')
    this.#sizes = [isWide ? largestDatagram - 20 : largestDatagram, smallestDatagram]
    socket.route(this.#keys.name, (datagram) => this.#receive(datagram))
    this.#send(options.first)
    this.#timer = setInterval(() => this.#send(options.first), options.every)
  }

  /** Probes that one prober sends at most. */
  static readonly numbers = 2 * mostRounds

  /** What gets through, as soon as that is known; undefined when nothing did within `ms`. Ends the probing. */
  result(ms: number): Promise<Probed | undefined> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.end()
        resolve(this.#best)
      }
      const timer = setTimeout(settle, ms)
      if (this.#isDone) settle()
      else this.#settle = settle
    })
  }

  end(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#settling)
    this.#socket.unroute(this.#keys.name)
  }

  get #isDone(): boolean {
    return this.#best?.datagram === this.#sizes[0]
  }

  #send(first: number): void {
    if (this.#rounds++ >= mostRounds) return
    for (const size of this.#sizes) {
      const number = first + this.#sent.size
      this.#sent.set(number, { size, at: performance.now() })
      this.#socket.send(makeProbe(this.#keys, number, size), size, this.#peer)
    }
  }

  #receive(datagram: Buffer): void {
    const number = readProbe(this.#keys, datagram)
    const sent = number === undefined ? undefined : this.#sent.get(number)
    if (sent === undefined || sent.size !== datagram.length) return
    const roundTrip = performance.now() - sent.at
    this.#best = {
      datagram: Math.max(sent.size, this.#best?.datagram ?? 0),
      roundTrip: Math.min(roundTrip, this.#best?.roundTrip ?? roundTrip),
    }
    if (this.#isDone) this.#settle?.()
    else this.#settling ??= setTimeout(() => this.#settle?.(), 5 + roundTrip * waitForLarge)
  }
}
