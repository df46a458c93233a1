import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { FlowSealer } from '@waybill/asc'
import { type BothWays, nonceOf, type SealKeys } from '../link-keys.js'
import { tagBytes } from '../records.js'

const options = { authTagLength: tagBytes }

interface Side extends SealKeys {
  readonly secret: KeyObject
}

function sideOf(keys: SealKeys): Side {
  return { ...keys, secret: createSecretKey(keys.key) }
}

/** Seals datagrams with AES-GCM, each by itself; the number of a packet is its nonce. */
export class DatagramSealer implements FlowSealer {
  readonly #outgoing: Side
  readonly #incoming: Side

  constructor(keys: BothWays) {
    this.#outgoing = sideOf(keys.outgoing)
    this.#incoming = sideOf(keys.incoming)
  }

  seal(number: number, header: Buffer, plain: Buffer, into: Buffer, at: number): void {
    const { algorithm, secret, iv } = this.#outgoing
    const cipher = createCipheriv(algorithm, secret, nonceOf(iv, number), options)
    cipher.setAAD(header)
    cipher.update(plain).copy(into, at)
    cipher.final()
    cipher.getAuthTag().copy(into, at + plain.length)
  }

  open(number: number, header: Buffer, sealed: Buffer): Buffer | undefined {
    if (sealed.length < tagBytes) return undefined
    const { algorithm, secret, iv } = this.#incoming
    const decipher = createDecipheriv(algorithm, secret, nonceOf(iv, number), options)
    decipher.setAAD(header)
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    const plain = decipher.update(sealed.subarray(0, -tagBytes))
    try {
      decipher.final()
      return plain
    } catch {
      return undefined
    }
  }
}
