import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OwnAddress } from './own-address.js'
import { Silence } from './silence.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const tick = 1000

/** A silence with six ticks of a second, of a link that can go on from another address or not. */
function begun(moves: boolean) {
  const told: string[] = []
  let list = ['10.0.0.2']
  const silence = new Silence(6 * tick, { ask: () => told.push('ask'), lost: (words) => told.push(words) })
  silence.stands(new OwnAddress({ localAddress: '10.0.0.2' }, () => list), moves)
  const move = () => {
    list = ['10.0.0.3']
  }
  return { silence, told, move }
}

describe('a silence', () => {
  it('is broken by asking, and ends the link when there is no answer', () => {
    const { silence, told } = begun(false)
    vi.advanceTimersByTime(1.5 * tick)
    expect(told).toEqual([])
    vi.advanceTimersByTime(5 * tick)
    expect(told).toEqual(['ask', 'ask', 'ask', 'ask', 'ask'])
    expect(silence.isLong).toBe(true)
    vi.advanceTimersByTime(tick)
    expect(told.at(-1)).toContain('Nothing was heard')
    silence.end()
  })

  it('does not matter before the link stands, nor while this side does not listen', () => {
    const lost = vi.fn<(words: string) => void>()
    const silence = new Silence(6 * tick, { ask: () => undefined, lost })
    vi.advanceTimersByTime(20 * tick)
    silence.stands(new OwnAddress({}), false)
    silence.isDeaf = true
    vi.advanceTimersByTime(20 * tick)
    expect(lost).not.toHaveBeenCalled()
    silence.end()
  })
})

describe('a machine that lost its address', () => {
  it('has lost its connections', () => {
    const { silence, told, move } = begun(false)
    move()
    vi.advanceTimersByTime(1.5 * tick)
    expect(told).toEqual(['This machine has another address now'])
    silence.end()
  })

  it('speaks at once where the link goes on from another one', () => {
    const { silence, told, move } = begun(true)
    move()
    vi.advanceTimersByTime(1.5 * tick)
    expect(told).toEqual(['ask'])
    silence.end()
  })

  it('is not given up while this side does not listen', () => {
    const { silence, told, move } = begun(false)
    silence.isDeaf = true
    move()
    vi.advanceTimersByTime(1.5 * tick)
    expect(told).toEqual(['ask'])
    silence.end()
  })
})
