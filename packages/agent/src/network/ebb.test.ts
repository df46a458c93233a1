import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Ebb } from './ebb.js'
import type { LinkFault } from './faults.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const fault = (message: string): LinkFault => ({ reason: 'lost', code: 'E#J004', message })

it('is over when nothing more comes, for the first reason', () => {
  const over = vi.fn<(fault: LinkFault) => void>()
  const ebb = new Ebb(over)
  ebb.heard()
  ebb.begin(fault('first'))
  ebb.begin(fault('second'))
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(800)
    ebb.heard()
  }
  expect(over).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1100)
  expect(over.mock.calls).toEqual([[fault('first')]])
})

it('does not go on for ever, whatever comes', () => {
  const over = vi.fn<(fault: LinkFault) => void>()
  const ebb = new Ebb(over)
  ebb.begin(fault('gone'))
  for (let i = 0; i < 120; i++) {
    vi.advanceTimersByTime(100)
    ebb.heard()
  }
  expect(over).toHaveBeenCalledTimes(1)
})

it('tells nothing once it was ended', () => {
  const over = vi.fn<(fault: LinkFault) => void>()
  const ebb = new Ebb(over)
  ebb.begin(fault('gone'))
  ebb.end()
  vi.advanceTimersByTime(60_000)
  expect(over).not.toHaveBeenCalled()
})
