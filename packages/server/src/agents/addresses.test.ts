import { expect, it } from 'vitest'
import { orderAddresses, plainAddress } from './addresses.js'

it('puts the likeliest address first and the loopback last', () => {
  const own = ['172.17.0.1', '10.0.0.7', 'fd00::7', '127.0.0.1', '10.0.0.7', 'x; rm -rf /']
  expect(orderAddresses(own, '::ffff:10.0.0.7')).toEqual(['10.0.0.7', '172.17.0.1', 'fd00::7', '127.0.0.1'])
  expect(orderAddresses(own, '203.0.113.9').slice(-2)).toEqual(['203.0.113.9', '127.0.0.1'])
  expect(orderAddresses([], '')).toEqual([])
})

it('knows addresses from other text', () => {
  expect(plainAddress('FE80::1%eth0')).toBe('fe80::1')
  expect(plainAddress('localhost')).toBeUndefined()
})
