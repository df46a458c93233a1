import { expect, it } from 'vitest'
import { OwnAddress } from './own-address.js'

it.each([
  ['10.0.0.2', '10.0.0.2'],
  ['::ffff:10.0.0.2', '10.0.0.2'],
  ['fe80::1%eth0', 'fe80::1'],
])('an address is gone once the machine has it no more (%s)', (localAddress, listed) => {
  let list = ['127.0.0.1', listed]
  const own = new OwnAddress({ localAddress }, () => list)
  expect(own.isGone).toBe(false)
  list = ['127.0.0.1', '10.0.0.3']
  expect(own.isGone).toBe(true)
  list = ['127.0.0.1', listed]
  expect(own.isGone).toBe(false)
})

it('one that was never listed, or is not known, is never gone', () => {
  expect(new OwnAddress({ localAddress: '10.0.0.9' }, () => ['127.0.0.1']).isGone).toBe(false)
  expect(new OwnAddress({}, () => []).isGone).toBe(false)
})

it('this machine has its loopback', () => {
  expect(new OwnAddress({ localAddress: '127.0.0.1' }).isGone).toBe(false)
  expect(new OwnAddress({ localAddress: '127.0.0.1' }, () => []).isGone).toBe(false)
})
