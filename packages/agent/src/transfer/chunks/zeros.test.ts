import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hash128 } from '../hash.js'
import { dataRuns, isZero, zeroDigest } from './zeros.js'

const kib = 1024

it('what is left out is zeros, and only long stretches of them', () => {
  const piece = fc.tuple(fc.constantFrom(1, 4000, 4096, 16 * kib, 70 * kib), fc.boolean())
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const data = Buffer.concat(pieces.map(([length, full]) => Buffer.alloc(length, full ? 7 : 0)))
      const copy = Buffer.alloc(data.length)
      let before = 0
      for (const { from, until } of dataRuns(data)) {
        expect(until).toBeGreaterThan(from)
        expect(from === 0 || from - before >= 16 * kib).toBe(true)
        data.copy(copy, from, from, until)
        before = until
      }
      expect(data.length === before || data.length - before >= 16 * kib).toBe(true)
      expect(copy.equals(data)).toBe(true)
    }),
  )
})

it('data without zeros is one run', () => {
  const data = randomBytes(1024 * kib)
  expect(dataRuns(data)).toEqual([{ from: 0, until: data.length }])
})

it.each([0, 1, 65_535, 65_536, 65_537, 300_000])('one byte among %i zeros is seen', (at) => {
  const data = Buffer.alloc(400_000)
  expect(isZero(data)).toBe(true)
  data[at] = 1
  expect(isZero(data)).toBe(false)
  expect(isZero(data, at + 1)).toBe(true)
})

it('the digest of zeros is that of zeros', () => {
  for (const length of [1, 1000, 1024 * kib, 4096 * kib]) {
    expect(zeroDigest(length)).toEqual(hash128(Buffer.alloc(length)))
  }
})
