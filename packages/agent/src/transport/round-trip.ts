/** Pings that are sent one after the other once a link stands, at most. */
const pings = 6
/** No need to look closer, milliseconds. */
const near = 1

/** Measures the way there and back: the fastest of some pings is nearest to the truth. */
export class RoundTrip {
  readonly #ping: () => void
  readonly #measured: (milliseconds: number) => void
  #sent: number | undefined
  #left = pings
  #best = Number.POSITIVE_INFINITY

  /** `ping` sends one; `measured` is told once: after the last, or the first one that was quick. */
  constructor(ping: () => void, measured: (milliseconds: number) => void) {
    this.#ping = ping
    this.#measured = measured
  }

  begin(): void {
    this.#left--
    this.#sent = performance.now()
    this.#ping()
  }

  /** An answer came: to ours, if one is under way. */
  pong(): void {
    if (this.#sent === undefined) return
    this.#best = Math.min(this.#best, performance.now() - this.#sent)
    this.#sent = undefined
    if (this.#left > 0 && this.#best >= near) this.begin()
    else this.#measured(this.#best)
  }
}
