import { expect, it, vi } from 'vitest'
import { RoundTrip } from './round-trip.js'

it('tells the fastest of some pings, whatever answers come besides', () => {
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
  for (const took of [30, 40, 12, 12, 50, 7, 9, 8, 1]) {
    at += took
    now.mockReturnValue(at)
    measure.pong()
  }
  expect(pings).toBe(8)
  expect(told).toEqual([30, 12, 7])
  now.mockRestore()
})
