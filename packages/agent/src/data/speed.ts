/** Seconds that the speed is taken over. */
const window = 3

/** Bytes a second over the last seconds. Knows no clock. */
export class Speed {
  readonly #samples: { readonly at: number; readonly total: number }[]

  /** `start` is when nothing had been done yet, milliseconds. */
  constructor(start: number) {
    this.#samples = [{ at: start, total: 0 }]
  }

  /** Takes the total at the time `now` (milliseconds) and answers with the speed. */
  add(now: number, total: number): number {
    this.#samples.push({ at: now, total })
    while ((this.#samples[1]?.at ?? now) < now - window * 1000) this.#samples.shift()
    const first = this.#samples[0]
    if (first === undefined || now <= first.at) return 0
    return Math.max(0, ((total - first.total) * 1000) / (now - first.at))
  }
}
