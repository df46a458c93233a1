import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAllowedFrom, parseAddresses } from './key-addresses.js'

describe('addresses that a key may be used from', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    [' 10.1.0.0/16 ', '10.1.0.0/16'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:a01:203', '10.1.2.3'],
    ['::ffff:10.1.0.0/112', '10.1.0.0/16'],
  ])('are read: %s', (text, kept) => {
    expect(parseAddresses([text])).toEqual([kept])
  })

  it.each([
    '',
    'example.com',
    '10.1.2',
    '10.1.2.3/33',
    '10.1.2.3/-1',
    '10.1.2.3/8/8',
    '::1/129',
    'fe80::1%eth0',
    '::ffff:10.1.2.3/95',
    '1.2.3.4/ 8',
  ])('are refused: %j', (text) => {
    expect(() => parseAddresses([text])).toThrow(/is no address/)
  })

  it('are not too many', () => {
    expect(() => parseAddresses(Array.from({ length: 101 }, (_, index) => `10.0.0.${index}`))).toThrow(
      /At most/,
    )
  })

  it.each<[readonly string[], string, boolean]>([
    [[], '203.0.113.9', true],
    [['10.1.0.0/16'], '10.1.200.3', true],
    [['10.1.0.0/16'], '::ffff:10.1.200.3', true],
    [['10.1.0.0/16'], '::ffff:a01:c803', true],
    [['10.1.0.0/16'], '10.2.0.1', false],
    [['10.1.2.3', '2001:db8::/32'], '2001:db8:1::5', true],
    [['10.1.2.3', '2001:db8::/32'], '2001:db9::5', false],
    [['10.1.2.3', '2001:db8::/32'], 'fe80::1%eth0', false],
    [['::1'], '::1', true],
    [['0.0.0.0/0'], '::1', false],
    [['10.1.2.3'], '', false],
  ])('%j and %s: %s', (allowed, address, answer) => {
    expect(isAllowedFrom(allowed, address)).toBe(answer)
  })

  it('agree with counting bits, however the address is spelt', () => {
    const number = fc.nat({ max: 0xff_ff_ff_ff })
    const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
    fc.assert(
      fc.property(
        number,
        number,
        fc.integer({ min: 0, max: 32 }),
        fc.boolean(),
        (net, address, bits, mapped) => {
          const near = bits === 0 ? address : (net & ~(2 ** (32 - bits) - 1)) | (address >>> bits)
          for (const from of [address, near >>> 0]) {
            const same = bits === 0 || net >>> (32 - bits) === from >>> (32 - bits)
            const seen = mapped ? `::ffff:${dotted(from)}` : dotted(from)
            expect(isAllowedFrom(parseAddresses([`${dotted(net)}/${bits}`]), seen)).toBe(same)
          }
        },
      ),
    )
  })

  it('never break on what is no address', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (entry, address) => {
        try {
          isAllowedFrom(parseAddresses([entry]), address)
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_request' })
        }
      }),
    )
  })
})
