import { ProtocolError } from './protocol-error.js'

/** Reads a payload front to back; asking for more than there is is a protocol error. Little endian. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw new ProtocolError('frame', 'a frame ends too early')
    this.#at = at + length
    return at
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2))
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  /** An unsigned 64-bit number that a double holds exactly; larger ones are refused. */
  size(): number {
    const at = this.#take(8)
    const value = this.#bytes.readUInt32LE(at) + this.#bytes.readUInt32LE(at + 4) * 0x1_0000_0000
    if (!Number.isSafeInteger(value)) throw new ProtocolError('limit', 'a size is too large')
    return value
  }

  i64(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8))
  }

  /** A view into the payload, not a copy. */
  bytes(length: number): Buffer {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** A length of 16 bits and that many bytes, one character per byte. */
  binary(max: number): string {
    return this.#counted(max).toString('latin1')
  }

  text(max: number): string {
    return this.#counted(max).toString('utf8')
  }

  #counted(max: number): Buffer {
    const length = this.u16()
    if (length > max) throw new ProtocolError('limit', 'a text is too long')
    return this.bytes(length)
  }

  end(): void {
    if (this.left !== 0) throw new ProtocolError('frame', 'a frame is longer than what it holds')
  }
}

/** Writes a payload into a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer
  #at = 0

  constructor(expected = 256) {
    this.#bytes = Buffer.allocUnsafe(expected)
  }

  get length(): number {
    return this.#at
  }

  #reserve(length: number): number {
    const at = this.#at
    if (at + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + length))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
    }
    this.#at = at + length
    return at
  }

  u8(value: number): this {
    const at = this.#reserve(1)
    this.#bytes.writeUInt8(value, at)
    return this
  }

  u16(value: number): this {
    const at = this.#reserve(2)
    this.#bytes.writeUInt16LE(value, at)
    return this
  }

  u32(value: number): this {
    const at = this.#reserve(4)
    this.#bytes.writeUInt32LE(value, at)
    return this
  }

  size(value: number): this {
    const at = this.#reserve(8)
    writeSize(this.#bytes, value, at)
    return this
  }

  i64(value: bigint): this {
    const at = this.#reserve(8)
    this.#bytes.writeBigInt64LE(value, at)
    return this
  }

  bytes(value: Buffer): this {
    const at = this.#reserve(value.length)
    value.copy(this.#bytes, at)
    return this
  }

  binary(value: string): this {
    this.u16(value.length)
    const at = this.#reserve(value.length)
    this.#bytes.write(value, at, 'latin1')
    return this
  }

  /** UTF-8, cut to `max` bytes. */
  text(value: string, max: number): this {
    const bytes = Buffer.from(value).subarray(0, max)
    return this.u16(bytes.length).bytes(bytes)
  }

  /** Overwrites what was written at `at`, for lengths that are known last. */
  setU32(value: number, at: number): this {
    this.#bytes.writeUInt32LE(value, at)
    return this
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }
}

export function writeSize(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 0x1_0000_0000, at)
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4)
}
