import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { cutDatagrams } from '../../platform/sockets.js'

/** Where datagrams come from and go to. */
export interface Peer {
  readonly address: string
  readonly port: number
}

export type Handler = (datagram: Buffer, from: Peer) => void

/** First bytes of each datagram: they name the flow, or the link that probes. */
export const nameBytes = 8
/** What the kernel may hold for us in each direction, as far as it lets us. */
const bufferBytes = 8 * 1024 * 1024

const mostEarly = 32

/** One UDP socket that serves many flows. Datagrams that name none of them get no answer. */
export class DatagramSocket {
  readonly #socket: Socket
  readonly #handlers = new Map<string, Handler>()
  /** The latest that nobody was waiting for: the first ones of a flow may overtake the word that it begins. */
  #early: { readonly name: string; readonly datagram: Buffer; readonly from: Peer }[] = []
  /** Size that the kernel cuts at now, or false when it does not. */
  #cut: number | false = 0
  #closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (datagram, from: RemoteInfo) => {
      if (datagram.length < nameBytes) return
      const name = datagram.toString('latin1', 0, nameBytes)
      const handler = this.#handlers.get(name)
      if (handler !== undefined) handler(datagram, from)
      else if (this.#early.push({ name, datagram, from }) > mostEarly) this.#early.shift()
    })
    // What does not go out is lost, as datagrams may be.
    socket.on('error', () => undefined)
    for (const set of [
      () => socket.setRecvBufferSize(bufferBytes),
      () => socket.setSendBufferSize(bufferBytes),
    ]) {
      try {
        set()
      } catch {
        // As large as it is, then.
      }
    }
  }

  /** Listens at `port`, for IPv6 and IPv4 where the system has both. Rejects when it is taken. */
  static async listen(port: number): Promise<DatagramSocket> {
    try {
      return new DatagramSocket(await bound('udp6', port))
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE') throw error
      return new DatagramSocket(await bound('udp4', port))
    }
  }

  /** A socket to send to `address` from. */
  static async towards(address: string): Promise<DatagramSocket> {
    return new DatagramSocket(await bound(isIP(address) === 6 ? 'udp6' : 'udp4', 0))
  }

  /** Gives what begins with `name` to a handler, also what came a moment ago. */
  route(name: Buffer, handler: Handler): void {
    const key = name.toString('latin1')
    this.#handlers.set(key, handler)
    const early = this.#early.filter((each) => each.name === key)
    if (early.length === 0) return
    this.#early = this.#early.filter((each) => each.name !== key)
    setImmediate(() => {
      for (const { datagram, from } of early) this.#handlers.get(key)?.(datagram, from)
    })
  }

  unroute(name: Buffer): void {
    this.#handlers.delete(name.toString('latin1'))
  }

  /**
   * Sends datagrams of `size` bytes that stand one after the other; the last may be shorter. What fails is lost. `done`
   * when the memory is free again.
   */
  send(bytes: Buffer, size: number, to: Peer, done: () => void = nothing): void {
    if (this.#closed) {
      done()
    } else if (bytes.length <= size) {
      this.#sendOne(bytes, to, done)
    } else if (this.#cutsAt(size)) {
      this.#socket.send(bytes, to.port, to.address, (error) => {
        if (error === null || !['EIO', 'EINVAL', 'EMSGSIZE'].includes(codeOf(error))) {
          done()
          return
        }
        // The device cannot: from now on one by one, these first.
        this.#cut = false
        cutDatagrams(this.#socket, 0)
        this.send(bytes, size, to, done)
      })
    } else {
      let left = Math.ceil(bytes.length / size)
      const through = () => {
        if (--left === 0) done()
      }
      for (let at = 0; at < bytes.length; at += size) {
        this.#sendOne(bytes.subarray(at, at + size), to, through)
      }
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handlers.clear()
    this.#early = []
    this.#socket.close()
  }

  #sendOne(datagram: Buffer, { port, address }: Peer, done: () => void): void {
    this.#socket.send(datagram, port, address, () => done())
  }

  #cutsAt(size: number): boolean {
    if (this.#cut !== false && this.#cut !== size) this.#cut = cutDatagrams(this.#socket, size) ? size : false
    return this.#cut !== false
  }
}

function nothing(): void {
  // Memory that nobody waits for.
}

function bound(type: 'udp4' | 'udp6', port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Addresses are numbers already; asking a resolver for each datagram would cost more than sending it.
    const socket = createSocket({ type, lookup: (host, _options, done) => done(null, host, isIP(host)) })
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind(port, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
