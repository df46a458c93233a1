import { describe, expect, it } from 'vitest'
import { firstConnections, triesDatagrams, Unreached } from './choice.js'
import { Growth } from './growth.js'

describe('datagrams', () => {
  it.each([
    ['auto', 0.2, false, false],
    ['auto', 5, false, true],
    ['auto', 80, true, false],
    ['tcp', 80, false, false],
    ['udp', 0.2, false, true],
    ['udp', 80, true, true],
  ] as const)('%s over %d ms, failed before: %s', (asked, roundTrip, hasFailed, wanted) => {
    expect(triesDatagrams(asked, { roundTrip, hasFailed })).toBe(wanted)
  })

  it('are not tried again for a while where they did not get through', () => {
    const unreached = new Unreached()
    unreached.add('10.0.0.1', 1000)
    expect(unreached.has('10.0.0.1', 61_000)).toBe(true)
    expect(unreached.has('10.0.0.2', 61_000)).toBe(false)
    expect(unreached.has('10.0.0.1', 3_600_000)).toBe(false)
  })

  it('are remembered for as many peers as there is room for', () => {
    const unreached = new Unreached()
    for (let i = 0; i < 5000; i++) unreached.add(`peer ${i}`, 0)
    expect(unreached.has('peer 0', 1)).toBe(false)
    expect(unreached.has('peer 4999', 1)).toBe(true)
  })
})

describe('connections', () => {
  it('are few on a short way and more over a distance', () => {
    expect(firstConnections(0.1)).toBe(2)
    expect(firstConnections(100)).toBe(8)
  })

  it('grow in number while that makes it faster, to a bound', () => {
    const growth = new Growth(8)
    let [count, total] = [8, 0]
    for (let looks = 0; looks < 100; looks++) {
      total += count * 1000
      count += growth.look(total)
    }
    expect(count).toBe(32)
    expect(growth.isOver).toBe(true)
  })

  it('stay as they are once the line is full', () => {
    const growth = new Growth(8)
    let [count, total] = [8, 0]
    for (let looks = 0; looks < 100; looks++) {
      total += Math.min(count, 12) * 1000
      count += growth.look(total)
    }
    expect(count).toBeLessThanOrEqual(20)
    expect(growth.isOver).toBe(true)
  })

  it('are not judged by pauses', () => {
    const growth = new Growth(8)
    expect(growth.look(1000)).toBe(4)
    for (let looks = 0; looks < 100; looks++) expect(growth.look(1000)).toBe(0)
    expect(growth.isOver).toBe(false)
    expect(growth.look(5000)).toBe(4)
  })
})
