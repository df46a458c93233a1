import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoff } from './backoff.js'

it('tries within a second for ten minutes, and for ever after that', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  const outages = fc.oneof(fc.integer({ min: 0, max: 600_000 }), fc.nat())
  fc.assert(
    fc.property(outages, fc.integer({ min: 1, max: 1e6 }), unit, (outage, attempt, random) => {
      const pause = backoff(outage, attempt, () => random)
      expect(pause).toBeGreaterThanOrEqual(100)
      expect(pause).toBeLessThanOrEqual(outage < 600_000 ? 1000 : 15_000)
    }),
  )
})
