import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RateGate } from './rate.js'

const rate = { perSecond: 30, burst: 60 }
const staying = new AbortController().signal
setMaxListeners(0, staying)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Sends so many at once, and gives back what became of each so far. */
function send(gate: RateGate, count: number, key = 'lisa', gone: AbortSignal = staying): string[] {
  const outcomes = Array<string>(count).fill('held')
  for (let index = 0; index < count; index += 1) {
    gate.pass(key, rate, gone).then(
      () => (outcomes[index] = 'passed'),
      () => (outcomes[index] = 'refused'),
    )
  }
  return outcomes
}

const count = (outcomes: readonly string[], what: string): number =>
  outcomes.filter((outcome) => outcome === what).length

describe('a key', () => {
  it('may burst, and is held to its rate then', async () => {
    const gate = new RateGate(10_000)
    const outcomes = send(gate, 100)
    await vi.advanceTimersByTimeAsync(0)
    expect([count(outcomes, 'passed'), gate.held]).toEqual([60, 40])
    await vi.advanceTimersByTimeAsync(1000)
    expect([count(outcomes, 'passed'), gate.held]).toEqual([90, 10])
    await vi.advanceTimersByTimeAsync(1000)
    expect([count(outcomes, 'passed'), gate.held]).toEqual([100, 0])
  })

  it('is refused what would be held too long, and nothing else', async () => {
    const gate = new RateGate(10_000)
    const outcomes = send(gate, 400)
    await vi.advanceTimersByTimeAsync(0)
    expect([count(outcomes, 'passed'), gate.held, count(outcomes, 'refused')]).toEqual([60, 300, 40])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(count(outcomes, 'passed')).toBe(360)
    // First come, first served.
    expect(outcomes.slice(0, 360).every((outcome) => outcome === 'passed')).toBe(true)
  })

  it('says how long to wait', async () => {
    const gate = new RateGate(0)
    send(gate, 60)
    await expect(gate.pass('lisa', rate, staying)).rejects.toMatchObject({
      code: 'rate_limited',
      message: expect.stringMatching(/30 a second.*try again in 1 s/) as string,
    })
  })

  it('does not stand in the way of another', async () => {
    const gate = new RateGate(10_000)
    send(gate, 300)
    const others = send(gate, 60, 'bob')
    await vi.advanceTimersByTimeAsync(0)
    expect(count(others, 'passed')).toBe(60)
  })

  it('gets no more than its burst after a long rest', async () => {
    const gate = new RateGate(0)
    send(gate, 60)
    await vi.advanceTimersByTimeAsync(3_600_000)
    const outcomes = send(gate, 70)
    await vi.advanceTimersByTimeAsync(0)
    expect(count(outcomes, 'passed')).toBe(60)
  })
})

describe('a client that hangs up', () => {
  it('gives its turn to the next', async () => {
    const gate = new RateGate(10_000)
    send(gate, 60)
    const leaving = new AbortController()
    setMaxListeners(0, leaving.signal)
    const gone = send(gate, 30, 'lisa', leaving.signal)
    const next = send(gate, 30)
    leaving.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect([count(gone, 'refused'), gate.held]).toEqual([30, 30])
    await vi.advanceTimersByTimeAsync(1000)
    expect(count(next, 'passed')).toBe(30)
  })

  it('that was gone before is not held', async () => {
    const gate = new RateGate(10_000)
    send(gate, 60)
    const leaving = new AbortController()
    leaving.abort()
    const outcomes = send(gate, 1, 'lisa', leaving.signal)
    await vi.advanceTimersByTimeAsync(0)
    expect([outcomes, gate.held]).toEqual([['refused'], 0])
  })
})

it('forgets keys that rest, never those with held requests', async () => {
  const gate = new RateGate(10_000)
  const held = send(gate, 61, 'busy')
  for (let index = 0; index < 10_100; index += 1) await gate.pass(`key ${index}`, rate, staying)
  await vi.advanceTimersByTimeAsync(1000)
  expect(count(held, 'passed')).toBe(61)
})
