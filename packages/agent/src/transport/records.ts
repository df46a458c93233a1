import { frameLimit, headerBytes, type Payload, type PayloadSource, ProtocolError } from '@waybill/asc'
import type { SealKeys } from './link-keys.js'
import { type Opening, opening, type Sealing, sealing, tagBytes } from './sealing/gcm.js'

/** A frame on its way out as one record: the header in the clear, the payload sealed, then the tag. */
export class OutgoingRecord {
  readonly #frame: Buffer
  readonly #sealing: Sealing
  #at = 0

  constructor(frame: Buffer, sealing: Sealing, number: number) {
    this.#frame = frame
    this.#sealing = sealing
    sealing.begin(number, frame.subarray(0, headerBytes))
  }

  /** Bytes of the frame that are to be sealed yet. */
  get left(): number {
    return this.#frame.length - this.#at
  }

  /** Seals the next `length` bytes of the frame where they stand; what comes is to be written in this order. */
  next(length: number): Buffer[] {
    const from = this.#at
    this.#at = Math.min(this.#frame.length, Math.max(from + length, headerBytes))
    const start = Math.max(from, headerBytes)
    this.#sealing.update(this.#frame.subarray(start, this.#at), this.#frame, start)
    const pieces = [this.#frame.subarray(from, this.#at)]
    if (this.left === 0) {
      const tag = Buffer.alloc(tagBytes)
      this.#sealing.finish(tag, 0)
      pieces.push(tag)
    }
    return pieces
  }
}

/** Makes the records of one direction of one connection, one after the other. */
export class RecordSealer {
  readonly #sealing: Sealing
  #count = 0

  constructor(keys: SealKeys) {
    this.#sealing = sealing(keys)
  }

  /** `frame` begins with its header; its payload is sealed in place, so that nothing is copied. */
  seal(frame: Buffer): OutgoingRecord {
    return new OutgoingRecord(frame, this.#sealing, this.#count++)
  }
}

/**
 * Opens a stream of records. Each piece is decrypted as it arrives, into the memory of its frame, and nothing is handed
 * out before the tag of the whole record was verified. What was changed, left out, repeated or put elsewhere does not
 * verify; that is a ProtocolError, and after one it must not be used again.
 */
export class RecordOpener {
  readonly #opening: Opening
  readonly #source: PayloadSource
  readonly #onFrame: (type: number, payload: Payload) => void
  readonly #header = Buffer.alloc(headerBytes)
  readonly #tag = Buffer.alloc(tagBytes)
  #count = 0
  #headerFilled = 0
  #tagFilled = 0
  #filled = 0
  #open: Payload | undefined
  #failed = false
  /** Longest payload that is believed, whatever the type allows: less for those that proved nothing yet. */
  limit = Number.POSITIVE_INFINITY

  constructor(keys: SealKeys, source: PayloadSource, onFrame: (type: number, payload: Payload) => void) {
    this.#opening = opening(keys)
    this.#source = source
    this.#onFrame = onFrame
  }

  /** Takes the next bytes, of any number; they are not needed afterwards. */
  push(bytes: Buffer): void {
    if (this.#failed) throw new ProtocolError('frame', 'the stream was broken before')
    try {
      let at = 0
      while (at < bytes.length) at += this.#take(bytes, at)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Gives back what a record that never ended holds. */
  close(): void {
    this.#failed = true
    this.#open?.release()
    this.#open = undefined
  }

  #take(bytes: Buffer, at: number): number {
    if (this.#open === undefined) {
      const taken = fill(this.#header, this.#headerFilled, bytes, at)
      this.#headerFilled += taken
      if (this.#headerFilled === headerBytes) this.#begin()
      return taken
    }
    const payload = this.#open
    const missing = payload.bytes.length - this.#filled
    if (missing > 0) {
      const piece = bytes.subarray(at, at + missing)
      this.#opening.update(piece, payload.bytes, this.#filled)
      this.#filled += piece.length
      return piece.length
    }
    const taken = fill(this.#tag, this.#tagFilled, bytes, at)
    this.#tagFilled += taken
    if (this.#tagFilled === tagBytes) this.#finish(payload)
    return taken
  }

  #begin(): void {
    const length = this.#header.readUInt32LE(0)
    const type = this.#header.readUInt8(4)
    if (length > Math.min(frameLimit(type), this.limit)) {
      throw new ProtocolError('limit', `a record of type ${type} claims ${length} bytes`)
    }
    this.#opening.begin(this.#count++, this.#header)
    this.#open = this.#source.allocate(length)
    this.#headerFilled = 0
    this.#filled = 0
    this.#tagFilled = 0
  }

  #finish(payload: Payload): void {
    if (!this.#opening.finish(this.#tag)) throw new ProtocolError('frame', 'a record is not authentic')
    this.#open = undefined
    this.#onFrame(this.#header.readUInt8(4), payload)
  }
}

/** Copies what is missing of `into`, as far as there is; answers with how much that was. */
function fill(into: Buffer, filled: number, bytes: Buffer, at: number): number {
  return bytes.copy(into, filled, at, Math.min(bytes.length, at + into.length - filled))
}
