import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Faults {
  /** Milliseconds that every chunk is held back. */
  delayMs: number
  /** Bytes a second in each direction; 0 is no limit. */
  rate: number
  /** Takes bytes and passes none on, without closing anything. */
  silent: boolean
  /** Turns one bit in each of the next so many chunks from the target. */
  flips: number
}

export interface Target {
  readonly host: string
  readonly port: number
}

/**
 * A TCP relay that can be told to misbehave while connections run through it. It may stand before several
 * ports at once, which then share its faults.
 */
export class FaultProxy {
  readonly faults: Faults = { delayMs: 0, rate: 0, silent: false, flips: 0 }
  /** Bytes that were passed on, towards the targets and back. */
  readonly passed = { up: 0, down: 0 }
  /** The proxy's port for each target's port. */
  readonly ports = new Map<number, number>()
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  #wake: () => void = () => undefined
  #awake: Promise<void> = Promise.resolve()

  static async before(...targets: readonly Target[]): Promise<FaultProxy> {
    const proxy = new FaultProxy()
    for (const target of targets) proxy.ports.set(target.port, await proxy.#listen(target))
    return proxy
  }

  /** The port of a proxy with one target. */
  get port(): number {
    const [port] = this.ports.values()
    if (port === undefined) throw new Error('The proxy stands before nothing')
    return port
  }

  get connections(): number {
    return this.#sockets.size / 2
  }

  /** Holds every byte back from now on, as a cable that was pulled does. */
  silence(): void {
    if (this.faults.silent) return
    this.faults.silent = true
    this.#awake = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Lets bytes flow again, those that were held back first. */
  speak(): void {
    this.faults.silent = false
    this.#wake()
  }

  /** Breaks every connection; new ones are taken as before. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.speak()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }

  async #listen(target: Target): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ ...target, allowHalfOpen: true })
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket)
        socket.setNoDelay(true)
        socket.on('error', () => other.destroy())
        socket.once('close', () => {
          this.#sockets.delete(socket)
          if (!this.faults.silent) other.destroy()
        })
      }
      void this.#relay(near, far, 'up')
      void this.#relay(far, near, 'down')
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    server.unref()
    this.#servers.push(server)
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
    return address.port
  }

  async #relay(from: Socket, to: Socket, way: 'up' | 'down'): Promise<void> {
    try {
      for await (const chunk of from) {
        if (!Buffer.isBuffer(chunk)) continue
        if (this.faults.delayMs > 0) await sleep(this.faults.delayMs)
        if (this.faults.rate > 0) await sleep((chunk.length / this.faults.rate) * 1000)
        await this.#awake
        if (way === 'down' && this.faults.flips > 0) {
          this.faults.flips -= 1
          const middle = chunk.length >> 1
          chunk[middle] = (chunk[middle] ?? 0) ^ 0x10
        }
        this.passed[way] += chunk.length
        if (!to.write(chunk)) await new Promise<void>((resolve) => onceEither(to, resolve))
      }
      await this.#awake
      to.end()
    } catch {
      to.destroy()
    }
  }
}

function onceEither(socket: Socket, then: () => void): void {
  const done = (): void => {
    socket.off('drain', done)
    socket.off('close', done)
    then()
  }
  socket.once('drain', done)
  socket.once('close', done)
}
