/** Nonces as TLS makes them: the vector with the number of the message mixed into its end (RFC 8446, 5.3). */
export class Nonces {
  readonly #iv: Buffer
  readonly #nonce: Buffer

  constructor(iv: Buffer) {
    this.#iv = iv
    this.#nonce = Buffer.from(iv)
  }

  /** Valid until the next call. */
  of(number: number): Buffer {
    const [high, low] = [Math.floor(number / 0x1_0000_0000), number % 0x1_0000_0000]
    this.#nonce.writeUInt32BE((this.#iv.readUInt32BE(8) ^ low) >>> 0, 8)
    this.#nonce.writeUInt32BE((this.#iv.readUInt32BE(4) ^ high) >>> 0, 4)
    return this.#nonce
  }
}
