import { WaybillError } from '@waybill/api'

/** What one key may do: so many requests a second for long, and so many at once after a pause. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Keys that are remembered; of those that rest, the ones that were quiet longest are forgotten first. */
const mostKeys = 10_000

/**
 * Lets each key make so many requests a second. One that comes too early is held until its turn, first come
 * first served; where its turn is farther off than `holdMs` it is refused with `rate_limited`. That bounds the
 * held ones, too: more than can be served within that time are never held.
 */
export class RateGate {
  readonly #buckets = new Map<string, Bucket>()
  readonly #holdMs: number
  readonly #now: () => number

  constructor(holdMs: number, now: () => number = () => performance.now()) {
    this.#holdMs = holdMs
    this.#now = now
  }

  /** Requests that wait for their turn. */
  get held(): number {
    let held = 0
    for (const bucket of this.#buckets.values()) held += bucket.waiting
    return held
  }

  /** Resolves when the request may go on. One whose `gone` is aborted gives its turn to the next. */
  async pass(key: string, rate: Rate, gone: AbortSignal): Promise<void> {
    const bucket = this.#buckets.get(key) ?? new Bucket(rate, this.#now)
    // Put at the end, so that what is forgotten first is what was quiet longest.
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    this.#forget()
    await bucket.pass(rate, this.#holdMs, gone)
  }

  #forget(): void {
    if (this.#buckets.size <= mostKeys) return
    for (const [key, bucket] of this.#buckets) {
      if (bucket.waiting > 0) continue
      this.#buckets.delete(key)
      return
    }
  }
}

/** A bucket of tokens that fills at a rate, and a line of those who wait for one. */
class Bucket {
  readonly #line = new Set<() => void>()
  readonly #now: () => number
  #rate: Rate
  #tokens: number
  #filled: number
  #timer: NodeJS.Timeout | undefined

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate
    this.#now = now
    this.#tokens = rate.burst
    this.#filled = now()
  }

  get waiting(): number {
    return this.#line.size
  }

  async pass(rate: Rate, holdMs: number, gone: AbortSignal): Promise<void> {
    this.#fill()
    this.#rate = rate
    if (this.#line.size === 0 && this.#tokens >= 1) {
      this.#tokens -= 1
      return
    }
    const wait = this.#waitFor(this.#line.size + 1)
    if (wait > holdMs) {
      throw new WaybillError(
        'rate_limited',
        `Too many requests: ${rate.perSecond} a second are allowed for one key; try again in ${Math.ceil(wait / 1000)} s`,
      )
    }
    await this.#hold(gone)
  }

  #hold(gone: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(go)
        reject(new WaybillError('rate_limited', 'The client went away while its request was held'))
      }
      const go = (): void => {
        gone.removeEventListener('abort', leave)
        resolve()
      }
      if (gone.aborted) {
        leave()
        return
      }
      gone.addEventListener('abort', leave, { once: true })
      this.#line.add(go)
      this.#wake()
    })
  }

  #fill(): void {
    const now = this.#now()
    const fresh = ((now - this.#filled) / 1000) * this.#rate.perSecond
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + fresh)
    this.#filled = now
  }

  /** Milliseconds until there are so many tokens. */
  #waitFor(tokens: number): number {
    return Math.max(0, ((tokens - this.#tokens) / this.#rate.perSecond) * 1000)
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#line.size === 0) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#fill()
        for (const go of this.#line) {
          if (this.#tokens < 1) break
          this.#tokens -= 1
          this.#line.delete(go)
          go()
        }
        this.#wake()
      },
      Math.ceil(this.#waitFor(1)),
    )
    this.#timer.unref()
  }
}
