import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.js'

/** What a greedy sender gets within some seconds of a clock that is moved by hand. */
function sent(bucket: TokenBucket, from: number, seconds: number, stepMs: number): number {
  let total = 0
  for (let now = from; now <= from + seconds * 1000; now += stepMs) {
    for (let got = bucket.take(1_000_000, now); got > 0; got = bucket.take(1_000_000, now)) total += got
  }
  return total
}

describe('a rate', () => {
  it('is kept to, smoothly, whatever the steps of the clock', () => {
    const rates = fc.integer({ min: 50_000, max: 500_000_000 })
    fc.assert(
      fc.property(rates, fc.constantFrom(5, 10, 20), (rate, stepMs) => {
        const total = sent(new TokenBucket(rate), 0, 2, stepMs)
        expect(total).toBeLessThanOrEqual(rate * 2.1 + 2048)
        expect(total).toBeGreaterThanOrEqual(rate * 1.85 - 2048)
      }),
      { numRuns: 30 },
    )
  })

  it('that is changed acts at once, both ways', () => {
    const bucket = new TokenBucket(1_000_000)
    sent(bucket, 0, 1, 10)
    bucket.setRate(100_000)
    expect(sent(bucket, 1000, 1, 10)).toBeLessThanOrEqual(110_000)
    bucket.setRate(10_000_000)
    expect(sent(bucket, 2000, 1, 10)).toBeGreaterThanOrEqual(9_000_000)
    bucket.setRate(0)
    expect(sent(bucket, 3100, 1, 10)).toBeLessThanOrEqual(2048)
    bucket.setRate(-1)
    expect(bucket.take(5_000_000, 4000)).toBe(5_000_000)
  })

  it('does not save up what was not used', () => {
    const bucket = new TokenBucket(1_000_000)
    bucket.take(1, 0)
    expect(sent(bucket, 60_000, 0, 10)).toBeLessThanOrEqual(51_000)
  })
})
