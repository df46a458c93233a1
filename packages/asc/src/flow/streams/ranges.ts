/**
 * A set of whole numbers as disjoint ranges in order, for what is mostly contiguous: bytes of a stream, numbers of
 * packets. A range is [start, end).
 */
export class Ranges {
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  /** How many ranges there are. */
  get count(): number {
    return this.#starts.length
  }

  /** Where the range `index` starts and ends, counted from the lowest; both NaN when there is none. */
  at(index: number): { readonly start: number; readonly end: number } {
    return { start: this.#starts[index] ?? Number.NaN, end: this.#ends[index] ?? Number.NaN }
  }

  /** One more than the highest number; 0 when there is none. */
  get end(): number {
    return this.#ends.at(-1) ?? 0
  }

  has(value: number): boolean {
    const index = this.#firstEndingAfter(value)
    return index < this.count && value >= (this.#starts[index] ?? Number.NaN)
  }

  /** Whether all of [start, end) is in the set. */
  covers(start: number, end: number): boolean {
    const range = this.at(this.#firstEndingAfter(start))
    return range.start <= start && range.end >= end
  }

  /** Adds [start, end). Answers how many of these numbers were not in the set before. */
  add(start: number, end: number): number {
    if (end <= start) return 0
    const last = this.count - 1
    // The usual case: it goes on where the last range ended.
    if (last >= 0 && this.#ends[last] === start) {
      this.#ends[last] = end
      return end - start
    }
    if (last < 0 || start > this.end) {
      this.#starts.push(start)
      this.#ends.push(end)
      return end - start
    }
    return this.#merge(start, end)
  }

  /** Takes [start, end) out. */
  remove(start: number, end: number): void {
    if (end <= start) return
    let index = this.#firstEndingAfter(start)
    while (index < this.count) {
      const { start: from, end: to } = this.at(index)
      if (from >= end) return
      if (from < start && to > end) {
        this.#ends[index] = start
        this.#starts.splice(index + 1, 0, end)
        this.#ends.splice(index + 1, 0, to)
        return
      }
      if (from < start) {
        this.#ends[index] = start
        index++
      } else if (to > end) {
        this.#starts[index] = end
        return
      } else {
        this.#starts.splice(index, 1)
        this.#ends.splice(index, 1)
      }
    }
  }

  /** What of [start, end) is not in the set, in order. */
  *gaps(start: number, end: number): Generator<{ readonly start: number; readonly end: number }> {
    let at = start
    for (let index = this.#firstEndingAfter(start); at < end; index++) {
      const range = this.at(index)
      const next = index < this.count ? Math.min(range.start, end) : end
      if (next > at) yield { start: at, end: next }
      at = index < this.count ? Math.max(at, range.end) : end
    }
  }

  /** Keeps no more than the `count` highest ranges. Answers whether any were dropped. */
  keepHighest(count: number): boolean {
    const extra = this.count - count
    if (extra <= 0) return false
    this.#starts.splice(0, extra)
    this.#ends.splice(0, extra)
    return true
  }

  #merge(start: number, end: number): number {
    // Ranges that touch are merged as well, so that there are never two for one.
    let from = this.#firstEndingAfter(start)
    if (from > 0 && this.#ends[from - 1] === start) from--
    let to = from
    let known = 0
    let low = start
    let high = end
    while (to < this.count) {
      const range = this.at(to)
      if (range.start > end) break
      known += Math.max(0, Math.min(range.end, end) - Math.max(range.start, start))
      low = Math.min(low, range.start)
      high = Math.max(high, range.end)
      to++
    }
    this.#starts.splice(from, to - from, low)
    this.#ends.splice(from, to - from, high)
    return end - start - known
  }

  /** The lowest range that ends after `value`. */
  #firstEndingAfter(value: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ends[middle] ?? 0) > value) high = middle
      else low = middle + 1
    }
    return low
  }
}
