/** Bytes of a segment, and of what TCP and IP put before it, with timestamps. */
const segment = 1448
const segmentHeader = 52
/** What is left of the window after a loss, and how fast it grows, in segments per cubed second (RFC 9438). */
const beta = 0.7
const growth = 0.4
/** Segments behind the highest that arrived, from which one is lost. */
const reordering = 3

/** A segment of another flow on the line, as the line sees it: bytes of a size. */
export interface Segment {
  readonly bytes: Buffer
  readonly number: number
}

/**
 * One TCP flow with CUBIC as most machines send it, to see what ours leaves it: slow start with HyStart, one reduction
 * for the losses of a window, no timeouts. Times are milliseconds.
 */
export class Cubic {
  readonly #send: (segment: Segment) => void
  /** What its socket's buffer allows under way, in segments. */
  readonly #most: number
  readonly #sentAt = new Map<number, number>()
  #next = 0
  #window = 10
  #threshold = Number.POSITIVE_INFINITY
  #before = 0
  #epoch: { readonly at: number; readonly origin: number; readonly k: number } | undefined
  /** Losses below this number were answered already. */
  #recover = 0
  #highest = -1
  #shortest = Number.POSITIVE_INFINITY
  #roundEnds = 0
  #roundShortest = Number.POSITIVE_INFINITY
  #roundSamples = 0
  /** Bytes that arrived. */
  delivered = 0

  constructor(mostBytes: number, send: (segment: Segment) => void) {
    this.#send = send
    this.#most = mostBytes / segment
  }

  fill(now: number): void {
    while (this.#sentAt.size < Math.min(this.#window, this.#most)) {
      const number = this.#next++
      this.#sentAt.set(number, now)
      this.#send({ number, bytes: Buffer.alloc(segment + segmentHeader) })
    }
  }

  acked(number: number, now: number): void {
    const sent = this.#sentAt.get(number)
    if (sent === undefined) return
    this.#sentAt.delete(number)
    this.delivered += segment
    this.#highest = Math.max(this.#highest, number)
    this.#shortest = Math.min(this.#shortest, now - sent)
    if (this.#noticeLosses()) this.#reduce()
    if (this.#window < this.#threshold) this.#slowStart(number, now - sent)
    else if (this.#sentAt.size + 2 >= this.#window) this.#grow(now)
    this.fill(now)
  }

  #noticeLosses(): boolean {
    let isNews = false
    for (const number of this.#sentAt.keys()) {
      if (number >= this.#highest - reordering) break
      this.#sentAt.delete(number)
      isNews ||= number >= this.#recover
    }
    return isNews
  }

  #reduce(): void {
    this.#before = this.#window < this.#before ? (this.#window * (1 + beta)) / 2 : this.#window
    this.#window = Math.max(2, this.#window * beta)
    this.#threshold = this.#window
    this.#epoch = undefined
    this.#recover = this.#next
  }

  /** Ends when the first round trips of a round are an eighth longer than the shortest: a queue. */
  #slowStart(number: number, rtt: number): void {
    if (number >= this.#roundEnds) {
      this.#roundEnds = this.#next
      this.#roundShortest = Number.POSITIVE_INFINITY
      this.#roundSamples = 0
    }
    if (this.#roundSamples++ < 8) this.#roundShortest = Math.min(this.#roundShortest, rtt)
    else if (this.#window >= 16 && this.#roundShortest > this.#shortest + this.#shortest / 8) {
      this.#threshold = this.#window
    }
    this.#window = Math.min(this.#window + 1, this.#most)
  }

  #grow(now: number): void {
    this.#epoch ??= {
      at: now,
      origin: Math.max(this.#before, this.#window),
      k: Math.cbrt(Math.max(0, this.#before - this.#window) / growth),
    }
    const { at, origin, k } = this.#epoch
    const target = origin + growth * ((now - at + this.#shortest) / 1000 - k) ** 3
    this.#window += Math.min(0.5, Math.max(0, target - this.#window) / this.#window)
  }
}
