import { expect, it, vi } from 'vitest'
import { RoundTrip } from './round-trip.js'

it('tells the fastest of some pings once, whatever answers come besides', () => {
  const now = vi.spyOn(performance, 'now')
  const told: number[] = []
  let pings = 0
  const measure = new RoundTrip(
    () => pings++,
    (milliseconds) => told.push(milliseconds),
  )
  now.mockReturnValue(0)
  measure.pong()
  measure.begin()
  let at = 0
  for (const took of [30, 40, 12, 50, 70, 19, 8, 7]) {
    at += took
    now.mockReturnValue(at)
    measure.pong()
  }
  expect(pings).toBe(6)
  expect(told).toEqual([12])
  now.mockRestore()
})

it('is content with one that was quick', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  const told: number[] = []
  const measure = new RoundTrip(
    () => undefined,
    (milliseconds) => told.push(milliseconds),
  )
  measure.begin()
  now.mockReturnValue(0.5)
  measure.pong()
  expect(told).toEqual([0.5])
  now.mockRestore()
})
