import { describe, expect, it } from 'vitest'
import { Attempts } from './attempts.js'

const limits = { each: 3, address: 10 }

function fill(attempts: Attempts, address: string, email: string, count: number, now = 0): void {
  for (let index = 0; index < count; index += 1) attempts.add(address, email, now)
}

describe('wrong secrets', () => {
  it('are counted for each email and address, for some minutes', () => {
    const attempts = new Attempts(limits)
    fill(attempts, '10.0.0.1', 'a', 2)
    expect(attempts.add('10.0.0.1', 'a', 0)).toBe(false)
    expect(attempts.add('10.0.0.1', 'a', 1)).toBe(true)
    expect(attempts.tooMany('10.0.0.1', 'a', 2)).toBe(true)
    expect(attempts.tooMany('10.0.0.2', 'a', 2)).toBe(false)
    expect(attempts.tooMany('10.0.0.1', 'b', 2)).toBe(false)
    expect(attempts.tooMany('10.0.0.1', 'a', 6 * 60_000)).toBe(false)
  })

  it('are counted for an address with many emails', () => {
    const attempts = new Attempts(limits)
    for (let index = 0; index < 10; index += 1) attempts.add('10.0.0.1', `guess${index}`, 0)
    expect(attempts.tooMany('10.0.0.1', 'anybody', 0)).toBe(true)
    expect(attempts.tooMany('10.0.0.2', 'anybody', 0)).toBe(false)
  })

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::5', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:5::1', true],
    ['::1', '::2', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
  ])('of %s and %s are of one place: %s', (one, other, same) => {
    const attempts = new Attempts(limits)
    fill(attempts, one, 'a', 3)
    expect(attempts.tooMany(other, 'a', 0)).toBe(same)
  })

  it('fill no memory', () => {
    const attempts = new Attempts({ each: 1, address: 1000 })
    for (let index = 0; index < 20_000; index += 1) attempts.add(`address ${index}`, 'a', 0)
    expect(attempts.tooMany('address 19999', 'a', 0)).toBe(true)
    expect(attempts.tooMany('address 0', 'a', 0)).toBe(false)
  })
})
