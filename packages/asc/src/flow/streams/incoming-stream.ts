import { ProtocolError } from '../../protocol-error.js'
import { Pages } from './pages.js'
import { Ranges } from './ranges.js'

/** Pieces with gaps between them that are stored: far more than loss makes, and few enough to go through. */
const maxPieces = 32_768

/** What the peer writes to a stream: put in order, and never more than the window. */
export class IncomingStream {
  readonly #window: number
  readonly #give: (bytes: Buffer) => void
  readonly #pages = new Pages()
  /** Bytes that are stored, all above `delivered`. */
  readonly #stored = new Ranges()
  #delivered = 0
  #consumed = 0

  /** `give` gets the bytes in order; they are only its own until it returns. */
  constructor(window: number, give: (bytes: Buffer) => void) {
    this.#window = window
    this.#give = give
  }

  /** How far the peer may write. */
  get limit(): number {
    return this.#consumed + this.#window
  }

  /** Memory for what came out of order, bytes. */
  get stored(): number {
    return this.#pages.bytes
  }

  consumed(bytes: number): void {
    this.#consumed = Math.min(this.#consumed + bytes, this.#delivered)
  }

  /** A piece came; it may have come before. Throws when it lies beyond what was allowed. */
  receive(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length
    if (end > this.limit) throw new ProtocolError('limit', 'a stream goes beyond what was allowed')
    if (end <= this.#delivered) return
    if (offset > this.#delivered) {
      if (this.#stored.add(offset, end) > 0) this.#pages.write(offset, bytes)
      if (this.#stored.count > maxPieces)
        throw new ProtocolError('limit', 'a stream comes in too many pieces')
      return
    }
    const fresh = bytes.subarray(this.#delivered - offset)
    this.#delivered = end
    this.#give(fresh)
    this.#giveStored()
  }

  /** What was stored and is now next. */
  #giveStored(): void {
    while (this.#stored.count > 0) {
      const { start, end } = this.#stored.at(0)
      if (start > this.#delivered) return
      while (this.#delivered < end) {
        const piece = this.#pages.view(this.#delivered, end - this.#delivered)
        this.#delivered += piece.length
        this.#give(piece)
      }
      this.#stored.remove(start, end)
      this.#pages.dropBelow(this.#delivered)
    }
  }
}
