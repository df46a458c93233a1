import { expect, it } from 'vitest'
import { KnownRates } from './known-rates.js'

it('knows what a path had, for a while', () => {
  const rates = new KnownRates()
  rates.learn('10.0.0.1', 60_000_000, 1000)
  expect(rates.of('10.0.0.1', 2000)).toBe(60_000_000)
  expect(rates.of('10.0.0.2', 2000)).toBeUndefined()
  expect(rates.of(undefined, 2000)).toBeUndefined()
  expect(rates.of('10.0.0.1', 1000 + 10 * 60_000)).toBeUndefined()
})

it('forgets the oldest of very many', () => {
  const rates = new KnownRates()
  for (let i = 0; i < 1001; i++) rates.learn(`10.0.${i >> 8}.${i & 255}`, i, 0)
  expect(rates.of('10.0.0.0', 1)).toBeUndefined()
  expect(rates.of('10.0.0.1', 1)).toBe(1)
})
