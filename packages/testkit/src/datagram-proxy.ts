import { createSocket, type Socket } from 'node:dgram'
import type { Target } from './fault-proxy.js'

/** What becomes of datagrams; parts of 1. */
export interface DatagramFaults {
  /** One way; milliseconds. */
  delayMs: number
  loss: number
  duplicate: number
  /** Held back for another delay, at most 20 ms, so that later ones overtake. */
  reorder: number
  /** One bit turned. */
  corrupt: number
  /** Takes everything and passes nothing on. */
  silent: boolean
}

/** A relay for datagrams that can be told to misbehave, for one target and any number of peers. */
export class DatagramProxy {
  readonly faults: DatagramFaults = {
    delayMs: 0,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    corrupt: 0,
    silent: false,
  }
  /** Datagrams that came, towards the target and back, and what was done to them. */
  readonly seen = { up: 0, down: 0, lost: 0, corrupted: 0 }
  readonly #near: Socket = createSocket('udp4')
  readonly #target: Target
  readonly #far = new Map<string, Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()

  private constructor(target: Target) {
    this.#target = target
    this.#near.on('message', (bytes, { address, port }) => {
      this.seen.up++
      this.#pass(bytes, (datagram) => {
        this.#farOf(address, port).send(datagram, this.#target.port, this.#target.host)
      })
    })
    this.#near.unref()
  }

  /** Listens at `port` of the loopback, and passes on to the target. */
  static async before(target: Target, port: number): Promise<DatagramProxy> {
    const proxy = new DatagramProxy(target)
    await new Promise<void>((resolve, reject) => {
      proxy.#near.once('error', reject)
      proxy.#near.bind(port, '127.0.0.1', resolve)
    })
    return proxy
  }

  get port(): number {
    return this.#near.address().port
  }

  /** From now on the target sees all peers at other addresses, as after a change of network. */
  changeAddresses(): void {
    for (const socket of this.#far.values()) socket.close()
    this.#far.clear()
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.changeAddresses()
    this.#near.close()
  }

  #farOf(address: string, port: number): Socket {
    const key = `${address} ${port}`
    const known = this.#far.get(key)
    if (known !== undefined) return known
    const socket = createSocket('udp4')
    socket.on('message', (bytes) => {
      this.seen.down++
      this.#pass(bytes, (datagram) => {
        this.#near.send(datagram, port, address)
      })
    })
    // A target that is gone is like a line that lost it.
    socket.on('error', () => undefined)
    socket.unref()
    this.#far.set(key, socket)
    return socket
  }

  #pass(bytes: Buffer, send: (datagram: Buffer) => void): void {
    const { faults } = this
    if (faults.silent || Math.random() < faults.loss) {
      this.seen.lost++
      return
    }
    const datagram = Buffer.from(bytes)
    if (Math.random() < faults.corrupt) {
      const at = Math.floor(Math.random() * datagram.length)
      datagram[at] = (datagram[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8))
      this.seen.corrupted++
    }
    const late = Math.random() < faults.reorder ? Math.random() * 20 : 0
    this.#later(faults.delayMs + late, () => send(datagram))
    if (Math.random() < faults.duplicate) this.#later(faults.delayMs + 1, () => send(datagram))
  }

  #later(ms: number, action: () => void): void {
    if (ms === 0) {
      action()
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, ms)
    this.#timers.add(timer)
  }
}
