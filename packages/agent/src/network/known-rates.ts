/** How long a path is taken to be as fast as it was, milliseconds; and how many are known. */
const rememberMs = 10 * 60_000
const mostRemembered = 1000

/** How fast the paths to other machines were a while ago, so that the next transfer need not find out from nothing. */
export class KnownRates {
  readonly #rates = new Map<string, { readonly rate: number; readonly until: number }>()

  /** `rate` in bytes a second, `now` in milliseconds. */
  learn(address: string, rate: number, now: number): void {
    this.#rates.delete(address)
    this.#rates.set(address, { rate, until: now + rememberMs })
    const [oldest] = this.#rates.keys()
    if (this.#rates.size > mostRemembered && oldest !== undefined) this.#rates.delete(oldest)
  }

  /** Bytes a second; undefined where nothing is known. */
  of(address: string | undefined, now: number): number | undefined {
    const known = this.#rates.get(address ?? '')
    return known !== undefined && known.until > now ? known.rate : undefined
  }
}
