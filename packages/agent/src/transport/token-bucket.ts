/** Tokens that may gather while nothing is sent, as a part of a second's worth. */
const burstSeconds = 0.05
/** Below this a write is not worth its record; bytes. */
const smallestGrant = 1024

/** A limit in bytes a second that can be changed at any time. Knows no clock: `now` is given in milliseconds. */
export class TokenBucket {
  #rate: number
  #tokens = 0
  #at: number | undefined

  /** `rate` in bytes a second; negative is no limit. */
  constructor(rate: number) {
    this.#rate = rate
  }

  /** Bytes a second; negative is no limit. */
  get rate(): number {
    return this.#rate
  }

  get limited(): boolean {
    return this.#rate >= 0
  }

  setRate(rate: number): void {
    this.#rate = rate
    this.#tokens = Math.min(this.#tokens, this.#burst)
  }

  /** How many of `wanted` bytes may go now; what is granted is taken. */
  take(wanted: number, now: number): number {
    if (!this.limited) return wanted
    this.#fill(now)
    const granted = Math.floor(Math.min(wanted, this.#tokens))
    if (granted < Math.min(wanted, smallestGrant)) return 0
    this.#tokens -= granted
    return granted
  }

  get #burst(): number {
    return Math.max(this.#rate * burstSeconds, 2 * smallestGrant)
  }

  #fill(now: number): void {
    const passed = Math.max(0, now - (this.#at ?? now))
    this.#at = now
    this.#tokens = Math.min(this.#burst, this.#tokens + (this.#rate * passed) / 1000)
  }
}
