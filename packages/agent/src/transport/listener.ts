import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { DatagramSocket } from './datagrams/datagram-socket.js'
import { type Preamble, preambleBytes, readPreamble } from './preamble.js'
import { allSuites, tlsOptions } from './secure.js'

/** A link that is waited for: who proves to know `key` under `identity` is handed over. */
export interface ExpectedLink {
  readonly identity: string
  readonly key: Buffer
  connected(socket: TLSSocket): void
}

/** A link that stands, and takes connections for data. */
export interface BulkTaker {
  /** Takes a connection that says to be its; `proved` is to be called when it showed to know the key. */
  take(socket: Socket, index: number, proved: () => void): void
}

/** For all that a stranger has to do until it proved a key; milliseconds. */
const strangerMs = 10_000
/** Connections that have not proved anything yet. */
const maxStrangers = 64
/** First byte of TLS: a record with a handshake (RFC 8446, 5.1). */
const tlsByte = 0x16

/**
 * The one port of this process that others connect to. It is open only while links are expected or alive. TLS makes a
 * link, and the identity in its handshake tells which; plain connections bring sealed records for a link that stands.
 * Whoever does not know a key gets nothing but a closed connection.
 */
export class LinkListener {
  readonly #expected = new Map<string, ExpectedLink>()
  readonly #standing = new Map<string, BulkTaker>()
  readonly #identities = new WeakMap<TLSSocket, string>()
  readonly #strangers = new Set<Socket>()
  #opening: Promise<Open> | undefined
  #datagrams: DatagramSocket | undefined

  /** Waits for a link; answers with the port once it is open. `forget` it when it came to its end. */
  async expect(link: ExpectedLink, ports: readonly [number, number]): Promise<number> {
    this.#expected.set(link.identity, link)
    try {
      this.#opening ??= this.#open(ports)
      const { port, datagrams } = await this.#opening
      this.#datagrams = datagrams
      return port
    } catch (error) {
      this.#opening = undefined
      this.#expected.delete(link.identity)
      throw error
    }
  }

  /** The UDP socket with the same number as the port; undefined when it could not be had. */
  get datagrams(): DatagramSocket | undefined {
    return this.#datagrams
  }

  /** Connections that name link `id` go to `taker` from now on. */
  stands(id: Buffer, taker: BulkTaker): void {
    this.#standing.set(id.toString('hex'), taker)
  }

  forget(identity: string, id?: Buffer): void {
    this.#expected.delete(identity)
    if (id !== undefined) this.#standing.delete(id.toString('hex'))
    if (this.#expected.size === 0) this.close()
  }

  close(): void {
    const opening = this.#opening
    this.#opening = undefined
    this.#datagrams = undefined
    for (const socket of this.#strangers) socket.destroy()
    void opening?.then(
      ({ server, datagrams }) => {
        server.close()
        datagrams?.close()
      },
      () => undefined,
    )
  }

  async #open([first, last]: readonly [number, number]): Promise<Open> {
    for (let port = first; ; port++) {
      const server = this.#server()
      try {
        const taken = await listen(server, port)
        const datagrams = await DatagramSocket.listen(taken).catch(() => undefined)
        // Rather a port that both have; the last one will do without datagrams.
        if (datagrams !== undefined || port >= last) return { server, port: taken, datagrams }
        server.close()
      } catch (error) {
        if (port >= last) {
          throw new Error(`No port is free between ${first} and ${last}`, { cause: error })
        }
      }
    }
  }

  #server(): Server {
    const secure = createServer({
      ...tlsOptions,
      ciphers: allSuites,
      handshakeTimeout: strangerMs,
      pskCallback: (socket, identity) => {
        const link = this.#expected.get(identity)
        if (link === undefined) return null
        this.#identities.set(socket, identity)
        return link.key
      },
    })
    secure.on('tlsClientError', (_error, socket) => socket.destroy())
    secure.on('secureConnection', (socket) => this.#secured(socket))
    const server = createPlainServer((socket) => this.#stranger(socket, secure))
    // A server that fails later only means that nobody new comes in.
    server.on('error', () => undefined)
    return server
  }

  #stranger(socket: Socket, secure: Server): void {
    socket.on('error', () => socket.destroy())
    if (this.#strangers.size >= maxStrangers) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    const timer = setTimeout(() => socket.destroy(), strangerMs)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#strangers.delete(socket)
    })
    const known = () => {
      clearTimeout(timer)
      this.#strangers.delete(socket)
    }
    let begun: Buffer | undefined
    const look = (bytes: Buffer) => {
      begun = begun === undefined ? bytes : Buffer.concat([begun, bytes])
      const isTls = begun[0] === tlsByte
      if (!isTls && begun.length < preambleBytes) return
      socket.off('data', look)
      // It is read anew by whoever takes it.
      socket.pause()
      socket.unshift(isTls ? begun : begun.subarray(preambleBytes))
      if (isTls) {
        clearTimeout(timer)
        secure.emit('connection', socket)
      } else {
        this.#plain(socket, readPreamble(begun), known)
      }
    }
    socket.on('data', look)
  }

  #plain(socket: Socket, preamble: Preamble | undefined, proved: () => void): void {
    const taker = preamble && this.#standing.get(preamble.link.toString('hex'))
    if (preamble === undefined || taker === undefined) {
      socket.destroy()
    } else {
      taker.take(socket, preamble.index, proved)
      socket.resume()
    }
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', () => undefined)
    // Without a key there is no handshake, as there is no certificate; a forgotten link is not served either.
    const identity = this.#identities.get(socket)
    const link = identity === undefined ? undefined : this.#expected.get(identity)
    for (const stranger of this.#strangers) {
      if (stranger.remotePort === socket.remotePort && stranger.remoteAddress === socket.remoteAddress) {
        this.#strangers.delete(stranger)
      }
    }
    if (link === undefined) socket.destroy()
    else link.connected(socket)
  }
}

interface Open {
  readonly server: Server
  readonly port: number
  readonly datagrams: DatagramSocket | undefined
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('The listener has no port'))
      else resolve(address.port)
    })
  })
}
