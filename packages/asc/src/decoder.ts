import { frameLimit } from './frames.js'
import { headerBytes } from './limits.js'
import { ProtocolError } from './protocol-error.js'

/** A payload as it left the decoder. It stays valid until `release`, which gives its memory back. */
export interface Payload {
  readonly bytes: Buffer
  release(): void
}

/** Where the decoder gets memory for a payload that arrives in pieces. */
export interface PayloadSource {
  allocate(length: number): Payload
}

function kept(): void {
  // The payload is a view of what the socket delivered: the garbage collector has it.
}

/**
 * Cuts a stream of bytes into frames. Does no I/O, allocates only after the length in the header was checked
 * against the limit of its type, and throws nothing but ProtocolError; after one it must not be used again.
 */
export class FrameDecoder {
  readonly #source: PayloadSource
  readonly #onFrame: (type: number, payload: Payload) => void
  readonly #views: boolean
  readonly #header = Buffer.alloc(headerBytes)
  #headerFilled = 0
  #payload: Payload | undefined
  #filled = 0
  #failed = false

  /** Without `views` every payload is in memory of the source, however it arrived. */
  constructor(
    source: PayloadSource,
    onFrame: (type: number, payload: Payload) => void,
    { views = true }: { readonly views?: boolean } = {},
  ) {
    this.#source = source
    this.#onFrame = onFrame
    this.#views = views
  }

  /** Takes the next bytes, of any number, and hands out each frame that they complete. */
  push(bytes: Buffer): void {
    if (this.#failed) throw new ProtocolError('frame', 'the stream was broken before')
    try {
      this.#push(bytes)
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  /** Gives back what a frame that never ended holds. */
  close(): void {
    this.#failed = true
    this.#payload?.release()
    this.#payload = undefined
  }

  #push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#payload !== undefined) {
        at += this.#fill(this.#payload, bytes, at)
        continue
      }
      const take = Math.min(headerBytes - this.#headerFilled, bytes.length - at)
      bytes.copy(this.#header, this.#headerFilled, at, at + take)
      this.#headerFilled += take
      at += take
      if (this.#headerFilled < headerBytes) return
      at += this.#begin(bytes, at)
    }
  }

  /** The header is complete: a frame that lies whole in `bytes` is handed out as a view of them. */
  #begin(bytes: Buffer, at: number): number {
    this.#headerFilled = 0
    const length = this.#header.readUInt32LE(0)
    const type = this.#header.readUInt8(4)
    if (length > frameLimit(type)) {
      throw new ProtocolError('limit', `a frame of type ${type} claims ${length} bytes`)
    }
    if (length === 0 && !this.#views) {
      this.#onFrame(type, this.#source.allocate(0))
      return 0
    }
    if (length <= bytes.length - at && this.#views) {
      this.#onFrame(type, { bytes: bytes.subarray(at, at + length), release: kept })
      return length
    }
    this.#payload = this.#source.allocate(length)
    this.#filled = 0
    return 0
  }

  #fill(payload: Payload, bytes: Buffer, at: number): number {
    const take = Math.min(payload.bytes.length - this.#filled, bytes.length - at)
    bytes.copy(payload.bytes, this.#filled, at, at + take)
    this.#filled += take
    if (this.#filled === payload.bytes.length) {
      this.#payload = undefined
      this.#onFrame(this.#header.readUInt8(4), payload)
    }
    return take
  }
}
