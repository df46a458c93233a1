import type { FlowSealer } from '@waybill/asc'
import type { BothWays } from '../link-keys.js'
import { type Opening, opening, type Sealing, sealing, tagBytes } from '../sealing/gcm.js'

/** Seals datagrams, each by itself; the number of a packet is that of its nonce. */
export class DatagramSealer implements FlowSealer {
  readonly #outgoing: Sealing
  readonly #incoming: Opening

  constructor(keys: BothWays) {
    this.#outgoing = sealing(keys.outgoing)
    this.#incoming = opening(keys.incoming)
  }

  seal(number: number, header: Buffer, plain: Buffer, into: Buffer, at: number): void {
    this.#outgoing.begin(number, header)
    this.#outgoing.update(plain, into, at)
    this.#outgoing.finish(into, at + plain.length)
  }

  /** Opens it where it stands: what is not authentic is spoilt. */
  open(number: number, header: Buffer, sealed: Buffer): Buffer | undefined {
    const length = sealed.length - tagBytes
    if (length < 0) return undefined
    const plain = sealed.subarray(0, length)
    this.#incoming.begin(number, header)
    this.#incoming.update(plain, sealed, 0)
    return this.#incoming.finish(sealed.subarray(length)) ? plain : undefined
  }
}
