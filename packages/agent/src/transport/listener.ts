import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { allSuites, tlsOptions } from './secure.js'

/** A link that is waited for: who proves to know `key` under `identity` is handed over. */
export interface ExpectedLink {
  readonly identity: string
  readonly key: Buffer
  connected(socket: TLSSocket): void
}

const handshakeMs = 10_000
/** Connections that have not proved anything yet. */
const maxStrangers = 64

/**
 * The one port of this process that others connect to. It is open only while links are expected or alive;
 * the identity in the handshake tells which link a connection is for. Whoever does not know a key gets
 * nothing but a closed connection.
 */
export class LinkListener {
  readonly #expected = new Map<string, ExpectedLink>()
  readonly #identities = new WeakMap<TLSSocket, string>()
  readonly #strangers = new Set<Socket>()
  #opening: Promise<{ server: Server; port: number }> | undefined

  /** Waits for a link; answers with the port once it is open. `forget` it when it came to its end. */
  async expect(link: ExpectedLink, ports: readonly [number, number]): Promise<number> {
    this.#expected.set(link.identity, link)
    try {
      this.#opening ??= this.#open(ports)
      return (await this.#opening).port
    } catch (error) {
      this.#opening = undefined
      this.#expected.delete(link.identity)
      throw error
    }
  }

  forget(identity: string): void {
    this.#expected.delete(identity)
    if (this.#expected.size === 0) this.close()
  }

  /** The port that is open now. */
  async port(): Promise<number | undefined> {
    return (await this.#opening)?.port
  }

  close(): void {
    const opening = this.#opening
    this.#opening = undefined
    for (const socket of this.#strangers) socket.destroy()
    void opening?.then(
      ({ server }) => server.close(),
      () => undefined,
    )
  }

  async #open([first, last]: readonly [number, number]): Promise<{ server: Server; port: number }> {
    for (let port = first; ; port++) {
      const server = this.#server()
      try {
        return { server, port: await listen(server, port) }
      } catch (error) {
        if (port >= last) {
          throw new Error(`No port is free between ${first} and ${last}`, { cause: error })
        }
      }
    }
  }

  #server(): Server {
    const server = createServer({
      ...tlsOptions,
      ciphers: allSuites,
      handshakeTimeout: handshakeMs,
      pskCallback: (socket, identity) => {
        const link = this.#expected.get(identity)
        if (link === undefined) return null
        this.#identities.set(socket, identity)
        return link.key
      },
    })
    server.on('connection', (socket: Socket) => this.#stranger(socket))
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    server.on('secureConnection', (socket) => this.#secured(socket))
    // A server that fails later only means that nobody new comes in.
    server.on('error', () => undefined)
    return server
  }

  #stranger(socket: Socket): void {
    if (this.#strangers.size >= maxStrangers) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.delete(socket))
    socket.on('error', () => socket.destroy())
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
