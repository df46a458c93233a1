/** Pings that are sent one after the other once a link stands. */
const pings = 8

/** Measures the way there and back: the fastest of some pings is nearest to the truth. */
export class RoundTrip {
  readonly #ping: () => void
  readonly #measured: (milliseconds: number) => void
  #sent: number | undefined
  #left = pings
  #best = Number.POSITIVE_INFINITY

  /** `ping` sends one; `measured` is told each time that one was faster than those before. */
  constructor(ping: () => void, measured: (milliseconds: number) => void) {
    this.#ping = ping
    this.#measured = measured
  }

  begin(): void {
    if (this.#left === 0) return
    this.#left--
    this.#sent = performance.now()
    this.#ping()
  }

  /** An answer came: to ours, if one is under way. */
  pong(): void {
    if (this.#sent === undefined) return
    const took = performance.now() - this.#sent
    this.#sent = undefined
    if (took < this.#best) {
      this.#best = took
      this.#measured(took)
    }
    this.begin()
  }
}
