import { hkdfSync } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { CipherStrength } from './secure.js'

/** What seals the data of one connection in one direction. Used for one thing once: its nonces begin at 0. */
export interface SealKeys {
  readonly algorithm: 'aes-128-gcm' | 'aes-256-gcm'
  readonly key: Buffer
  /** 12 bytes. */
  readonly iv: Buffer
}

export interface BothWays {
  readonly outgoing: SealKeys
  readonly incoming: SealKeys
}

/** Bytes of the name under which other connections of a link present themselves. */
export const linkIdBytes = 16

const label = 'EXPORTER-waybill-asc'
const ivBytes = 12

/**
 * Keys of a link beside its TLS connection: taken from that connection (RFC 8446, 7.5), so they are as fresh and as
 * authentic as it is, and cut apart by HKDF (RFC 5869), one for each connection and direction.
 */
export class LinkKeys {
  /** Names the link to the listener in the clear; tells nothing of the keys. */
  readonly id: Buffer
  readonly #secret: Buffer
  readonly #strength: CipherStrength
  readonly #connector: boolean

  /** `connector`: whether this side made the connection. */
  constructor(secret: Buffer, strength: CipherStrength, connector: boolean) {
    this.#secret = secret
    this.#strength = strength
    this.#connector = connector
    this.id = this.#derive('link id', linkIdBytes)
  }

  static of(socket: TLSSocket, strength: CipherStrength, connector: boolean): LinkKeys {
    return new LinkKeys(socket.exportKeyingMaterial(64, label, Buffer.alloc(0)), strength, connector)
  }

  /** For records over connection `index`. */
  connection(index: number): BothWays {
    return this.#bothWays(`connection ${index}`)
  }

  /** For the flow of datagrams. */
  flow(): BothWays & { readonly id: Buffer } {
    return { ...this.#bothWays('flow'), id: this.#derive('flow id', 8) }
  }

  #bothWays(name: string): BothWays {
    const [connector, listener] = [this.#keys(`${name} from connector`), this.#keys(`${name} from listener`)]
    return this.#connector
      ? { outgoing: connector, incoming: listener }
      : { outgoing: listener, incoming: connector }
  }

  #keys(name: string): SealKeys {
    return sealKeys(this.#strength, (length) => this.#derive(name, length))
  }

  #derive(name: string, length: number): Buffer {
    return derive(this.#secret, name, length)
  }
}

/** HKDF with SHA-256. */
export function derive(secret: Buffer, name: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `waybill asc 3 ${name}`, length))
}

export function sealKeys(strength: CipherStrength, bytes: (length: number) => Buffer): SealKeys {
  const length = strength === 'aes256' ? 32 : 16
  const all = bytes(length + ivBytes)
  return {
    algorithm: strength === 'aes256' ? 'aes-256-gcm' : 'aes-128-gcm',
    key: all.subarray(0, length),
    iv: all.subarray(length),
  }
}
