import { expect, it } from 'vitest'
import { UnreadBound } from './unread-bound.js'

const mib = 1024 * 1024

/** What it comes to when so many bytes a millisecond are read, or fewer where the bound itself is the limit. */
function settled(speed: number, roundTrip: number): number {
  const bound = new UnreadBound(roundTrip, 0)
  for (let now = 10; now <= 20_000; now += 10) {
    bound.read(10 * Math.min(speed, bound.bytes / roundTrip), now)
  }
  return bound.bytes
}

it('follows what is under way, and leaves room for more', () => {
  for (const [speed, roundTrip] of [
    [62_500, 100],
    [125_000, 200],
    [1_250_000, 30],
  ] as const) {
    const underWay = speed * roundTrip
    expect(settled(speed, roundTrip)).toBeGreaterThan(1.2 * underWay)
    expect(settled(speed, roundTrip)).toBeLessThan(1.8 * underWay)
  }
})

it('has limits', () => {
  expect(settled(1, 5)).toBe(6 * mib)
  expect(settled(10_000_000, 300)).toBe(64 * mib)
})
