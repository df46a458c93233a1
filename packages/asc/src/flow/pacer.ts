/** What may gather while the timer sleeps or the process is busy with something else; milliseconds of the rate. */
const gatherMs = 8

/** Spreads packets over time. Tokens are bytes; may go below zero by one batch. */
export class Pacer {
  #rate = 0
  #limit = Number.POSITIVE_INFINITY
  #tokens = 0
  #at: number

  constructor(now: number) {
    this.#at = now
  }

  /** Bytes a millisecond. */
  set rate(rate: number) {
    this.#rate = rate
  }

  /** The highest rate that is allowed, in bytes a millisecond. */
  set limit(limit: number) {
    this.#limit = limit
  }

  /** Whether somebody's limit, rather than the line, sets the speed. */
  get isLimited(): boolean {
    return this.#limit < this.#rate
  }

  get #now(): number {
    return Math.min(this.#rate, this.#limit)
  }

  /** Whether something may be sent at this moment. */
  allows(now: number, datagram: number): boolean {
    const most = Math.max(this.#now * gatherMs, 2 * datagram)
    this.#tokens = Math.min(most, this.#tokens + this.#now * Math.max(0, now - this.#at))
    this.#at = now
    return this.#tokens > 0
  }

  take(bytes: number): void {
    this.#tokens -= bytes
  }

  /** When something may be sent again; milliseconds on the clock of `now`. */
  next(now: number): number {
    if (this.#tokens > 0) return now
    return this.#now <= 0 ? Number.POSITIVE_INFINITY : now + (1 - this.#tokens) / this.#now
  }
}
