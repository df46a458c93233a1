const mib = 1024 * 1024
/** Before anything is known, and whatever is measured; bytes. */
const first = 16 * mib
const least = 6 * mib
const most = 64 * mib
/** How often it is looked at, milliseconds. */
const lookEvery = 500
/** Parts of what is under way at a time: enough that a sender that becomes faster is not held up. */
const share = 1.5

/**
 * What the kernel should keep of all connections of a link until it is read. More than what is under way makes nothing
 * faster: it fills up while this side is slow, and is lost with this process.
 */
export class UnreadBound {
  readonly #roundTrip: number
  #bytes = first
  #total = 0
  #since: number

  /** `roundTrip` in milliseconds, as `now`. */
  constructor(roundTrip: number, now: number) {
    this.#roundTrip = roundTrip
    this.#since = now
  }

  get bytes(): number {
    return this.#bytes
  }

  /** So many bytes were read. Answers whether the bound is another one now. */
  read(bytes: number, now: number): boolean {
    this.#total += bytes
    const passed = now - this.#since
    if (passed < lookEvery) return false
    const underWay = (this.#total / passed) * this.#roundTrip
    this.#total = 0
    this.#since = now
    const bound = Math.round(Math.min(most, Math.max(least, share * underWay)))
    // Small changes are not worth a call.
    if (Math.abs(bound - this.#bytes) < this.#bytes / 8) return false
    this.#bytes = bound
    return true
  }
}
