import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
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
  /** Takes everything of one direction and passes nothing on: both are a pulled cable, one is half a line. */
  readonly silent: Record<Way, boolean>
}

/** Towards the target, and back. */
type Way = 'up' | 'down'

/**
 * A relay for datagrams that can be told to misbehave, for any number of peers. It may stand before several ports at
 * once, which then share its faults.
 */
export class DatagramProxy {
  readonly faults: DatagramFaults = {
    delayMs: 0,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    corrupt: 0,
    silent: { up: false, down: false },
  }
  /** Datagrams that came, towards the target and back, their bytes, and what was done to them. */
  readonly seen = { up: 0, down: 0, bytes: 0, lost: 0, corrupted: 0 }
  /** The proxy's port for each target's port. */
  readonly ports = new Map<number, number>()
  readonly #near: Socket[] = []
  readonly #far = new Map<string, Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Listens at free ports of the loopback, and passes on to the targets. */
  static async before(...targets: readonly Target[]): Promise<DatagramProxy> {
    const proxy = new DatagramProxy()
    for (const target of targets) proxy.ports.set(target.port, await proxy.#listen(target))
    return proxy
  }

  /** The port of a proxy with one target. */
  get port(): number {
    const [port] = this.ports.values()
    if (port === undefined) throw new Error('The proxy stands before nothing')
    return port
  }

  /** Passes nothing on, or everything again, in one direction or both. */
  silence(...ways: readonly Way[]): void {
    this.faults.silent.up = ways.includes('up')
    this.faults.silent.down = ways.includes('down')
  }

  /** From now on the targets see all peers at other addresses, as after a change of network. */
  changeAddresses(): void {
    for (const socket of this.#far.values()) socket.close()
    this.#far.clear()
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.changeAddresses()
    for (const socket of this.#near) socket.close()
  }

  async #listen(target: Target): Promise<number> {
    const near = createSocket('udp4')
    near.on('message', (bytes, from) => {
      this.#pass(bytes, 'up', (datagram) => {
        this.#farOf(near, from, target).send(datagram, target.port, target.host)
      })
    })
    near.unref()
    await new Promise<void>((resolve, reject) => {
      near.once('error', reject)
      near.bind(0, '127.0.0.1', resolve)
    })
    this.#near.push(near)
    return near.address().port
  }

  #farOf(near: Socket, { address, port }: RemoteInfo, target: Target): Socket {
    const key = `${address} ${port} ${target.port}`
    const known = this.#far.get(key)
    if (known !== undefined) return known
    const socket = createSocket('udp4')
    socket.on('message', (bytes) => {
      this.#pass(bytes, 'down', (datagram) => {
        near.send(datagram, port, address)
      })
    })
    // A target that is gone is like a line that lost it.
    socket.on('error', () => undefined)
    socket.unref()
    this.#far.set(key, socket)
    return socket
  }

  #pass(bytes: Buffer, way: Way, send: (datagram: Buffer) => void): void {
    const { faults } = this
    this.seen[way]++
    this.seen.bytes += bytes.length
    if (faults.silent[way] || Math.random() < faults.loss) {
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
