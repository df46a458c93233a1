export const pageBytes = 64 * 1024
/** Pages that are kept for use when they are free. */
const kept = 32

/**
 * The bytes of a stream that are needed at the moment, wherever in it they are: memory grows with what is stored, not
 * with how far apart it lies.
 */
export class Pages {
  readonly #pages = new Map<number, Buffer>()
  readonly #free: Buffer[] = []
  /** All pages below are gone. */
  #first = 0

  /** Memory in use, bytes. */
  get bytes(): number {
    return this.#pages.size * pageBytes
  }

  write(offset: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const within = (offset + at) % pageBytes
      const index = (offset + at - within) / pageBytes
      const length = Math.min(pageBytes - within, bytes.length - at)
      bytes.copy(this.#page(index), within, at, at + length)
      at += length
    }
  }

  /** Copies [offset, offset + length) to `at` of `into`; it has to have been written. */
  read(offset: number, length: number, into: Buffer, at: number): void {
    for (let done = 0; done < length; ) {
      const piece = this.view(offset + done, length - done)
      piece.copy(into, at + done)
      done += piece.length
    }
  }

  /** As many of the `length` bytes at `offset` as lie in one piece. */
  view(offset: number, length: number): Buffer {
    const within = offset % pageBytes
    const page = this.#pages.get((offset - within) / pageBytes)
    if (page === undefined) throw new Error('These bytes were never written, or are gone')
    return page.subarray(within, Math.min(within + length, pageBytes))
  }

  /** Lets go of all bytes below `offset`. */
  dropBelow(offset: number): void {
    const first = Math.floor(offset / pageBytes)
    // Most of the way there may never have been a page: what was passed on at once was not stored.
    if (first - this.#first > this.#pages.size) {
      for (const index of [...this.#pages.keys()]) if (index < first) this.#drop(index)
    } else {
      for (let index = this.#first; index < first; index++) this.#drop(index)
    }
    this.#first = Math.max(first, this.#first)
  }

  /** Lets go of the page that `offset` lies in. */
  dropPage(offset: number): void {
    this.#drop(Math.floor(offset / pageBytes))
  }

  #drop(index: number): void {
    const page = this.#pages.get(index)
    if (page === undefined) return
    this.#pages.delete(index)
    if (this.#free.length < kept) this.#free.push(page)
  }

  #page(index: number): Buffer {
    const known = this.#pages.get(index)
    if (known !== undefined) return known
    const page = this.#free.pop() ?? Buffer.allocUnsafeSlow(pageBytes)
    this.#pages.set(index, page)
    return page
  }
}
