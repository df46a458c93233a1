import { ahead } from '../limits.js'
import { Pages, pageBytes } from './pages.js'
import { Ranges } from './ranges.js'

/** A piece of a stream. */
export interface Piece {
  readonly offset: number
  readonly length: number
}

/** What this side writes to a stream: kept until the peer has it, sent again where it was lost. */
export class OutgoingStream {
  readonly #pages = new Pages()
  readonly #acked = new Ranges()
  readonly #lost = new Ranges()
  #arrived = 0
  /** The first byte that was never sent. */
  #next = 0
  #end = 0
  /** How far the peer lets us go. */
  #limit: number
  /** What may be stored, whatever the peer acknowledges and allows; bytes. */
  readonly #most: number

  /** `limit`: how far the peer may be written ahead of what it consumed, at the beginning and always. */
  constructor(limit: number) {
    this.#limit = limit
    this.#most = limit + ahead
  }

  /** Bytes that are written and have not arrived. */
  get held(): number {
    return this.#end - this.#arrived
  }

  /** Whether `take` would give something. */
  get hasWork(): boolean {
    return this.#lost.count > 0 || this.#next < Math.min(this.#end, this.#limit)
  }

  /** Whether there is something to send that the peer does not let us. */
  get isBlocked(): boolean {
    return this.#lost.count === 0 && this.#next < this.#end && this.#next >= this.#limit
  }

  /** How far the stream was sent, which is as far as anything can be acknowledged. */
  get sent(): number {
    return this.#next
  }

  /** How many bytes `write` would take when no more than `most` are to be held. */
  room(most: number): number {
    const begun = (pageBytes - (this.#end % pageBytes)) % pageBytes
    return Math.max(0, Math.min(Math.floor(most) - this.held, this.#most - this.#pages.bytes + begun))
  }

  /** Takes as much of `bytes` as fits when no more than `most` are to be held; answers how much. */
  write(bytes: Buffer, most: number): number {
    const length = Math.min(bytes.length, this.room(most))
    if (length > 0) this.#pages.write(this.#end, bytes.subarray(0, length))
    this.#end += length
    return length
  }

  /** The next bytes to send, at most `most`: lost ones first. */
  take(most: number): Piece | undefined {
    if (this.#lost.count > 0) {
      const { start, end } = this.#lost.at(0)
      const length = Math.min(end - start, most)
      this.#lost.remove(start, start + length)
      return { offset: start, length }
    }
    const length = Math.min(Math.min(this.#end, this.#limit) - this.#next, most)
    if (length <= 0) return undefined
    const offset = this.#next
    this.#next += length
    return { offset, length }
  }

  read({ offset, length }: Piece, into: Buffer, at: number): void {
    this.#pages.read(offset, length, into, at)
  }

  /** A piece arrived. */
  acked(offset: number, length: number): void {
    const end = offset + length
    const fresh = this.#acked.add(offset, end)
    if (fresh === 0) return
    this.#arrived += fresh
    if (this.#lost.count > 0) this.#lost.remove(offset, end)
    // Memory goes page by page, so that one that was lost twice does not hold up all that was sent since.
    for (let page = offset - (offset % pageBytes); page < end; page += pageBytes) {
      if (this.#acked.covers(page, page + pageBytes)) this.#pages.dropPage(page)
    }
  }

  /** A piece has to be sent again, as far as it did not arrive otherwise. */
  lost(offset: number, length: number): void {
    for (const { start, end } of this.#acked.gaps(offset, offset + length)) this.#lost.add(start, end)
  }

  /** The peer takes bytes up to `limit`; it never takes that back. */
  allow(limit: number): boolean {
    if (limit <= this.#limit) return false
    this.#limit = limit
    return true
  }
}
