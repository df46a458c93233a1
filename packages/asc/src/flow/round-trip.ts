/** Before anything was measured; milliseconds. */
const unknown = 333
/** Timers are no finer than this; milliseconds. */
const granularity = 1

/** How long a round trip takes, smoothed as in RFC 6298; milliseconds. */
export class RoundTrip {
  latest: number
  smoothed: number
  #variation: number
  #measured = false

  constructor(known: number | undefined) {
    this.latest = known ?? unknown
    this.smoothed = this.latest
    this.#variation = this.latest / 2
  }

  /** `delay`: how long the peer says that it waited with its answer. */
  measure(sample: number, delay: number): void {
    this.latest = sample
    const net = Math.max(0, sample - Math.min(delay, sample / 2))
    if (this.#measured) {
      this.#variation += (Math.abs(this.smoothed - net) - this.#variation) / 4
      this.smoothed += (net - this.smoothed) / 8
    } else {
      this.#measured = true
      this.smoothed = net
      this.#variation = net / 2
    }
  }

  /** After this long without an answer it is asked again. */
  get probeAfter(): number {
    return this.smoothed + Math.max(granularity, 4 * this.#variation)
  }

  /** A packet that was sent so long before another one that arrived is lost. */
  get lossAfter(): number {
    return Math.max(granularity, (Math.max(this.smoothed, this.latest) * 9) / 8)
  }
}
