import type { FlowSealer } from './flow.js'
import { batchBytes, flowIdBytes, packetHead, tagBytes } from './limits.js'
import { PacketWriter } from './packet.js'

/** Makes packets, seals them, and gathers them to be sent together. */
export class Datagrams {
  readonly #id: Buffer
  readonly #size: number
  readonly #sealer: FlowSealer
  readonly #memory: () => Buffer
  readonly #send: (bytes: Buffer, size: number) => void
  /** The packet that is being written. */
  readonly packet: PacketWriter
  #batch: Buffer | undefined
  #length = 0

  constructor(
    options: { readonly id: Buffer; readonly datagram: number; readonly sealer: FlowSealer },
    out: { memory(): Buffer; send(bytes: Buffer, size: number): void },
  ) {
    this.#id = options.id
    this.#size = options.datagram
    this.#sealer = options.sealer
    this.#memory = () => out.memory()
    this.#send = (bytes, size) => out.send(bytes, size)
    this.packet = new PacketWriter(options.datagram - packetHead - tagBytes)
  }

  /** What the packet will take on the line, bytes. */
  get size(): number {
    return packetHead + this.packet.done().length + tagBytes
  }

  /** Seals the packet as `number` and begins another one. One that is not full is the last of its batch. */
  seal(number: number): void {
    const { size } = this
    if (this.#length + size > batchBytes) this.flush()
    this.#batch ??= this.#memory()
    const at = this.#length
    this.#id.copy(this.#batch, at)
    this.#batch.writeUInt32LE(number % 0x1_0000_0000, at + flowIdBytes)
    const header = this.#batch.subarray(at, at + packetHead)
    this.#sealer.seal(number, header, this.packet.done(), this.#batch, at + packetHead)
    this.#length = at + size
    this.packet.reset()
    if (size < this.#size) this.flush()
  }

  flush(): void {
    if (this.#batch === undefined || this.#length === 0) return
    const bytes = this.#batch.subarray(0, this.#length)
    this.#batch = undefined
    this.#length = 0
    this.#send(bytes, this.#size)
  }
}
