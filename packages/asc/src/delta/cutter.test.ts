import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockEnd, blockSizes, maxBasis, maxBlocks } from './cutter.js'
import { cut, noise } from './delta.fixture.js'

const kib = 1024
const mib = 1024 * kib

describe('blocks', () => {
  const contents = fc.oneof(
    fc.tuple(fc.nat(200_000), fc.nat(1000)).map(([length, seed]) => noise(length, seed)),
    fc.tuple(fc.nat(200_000), fc.nat(255)).map(([length, fill]) => Buffer.alloc(length, fill)),
  )

  it('cover every byte once, within their bounds', () => {
    fc.assert(
      fc.property(contents, (data) => {
        const sizes = blockSizes(data.length)
        let start = 0
        for (const end of cut(data)) {
          expect(end - start).toBeLessThanOrEqual(sizes.max)
          if (end < data.length) expect(end - start).toBeGreaterThanOrEqual(sizes.min)
          expect(end).toBeGreaterThan(start)
          start = end
        }
        expect(start).toBe(data.length)
      }),
      { numRuns: 50 },
    )
  })

  it('end at the same places wherever the bytes lie and whatever follows', () => {
    fc.assert(
      fc.property(contents, fc.nat(5000), fc.nat(5000), (data, before, after) => {
        const sizes = blockSizes(data.length)
        const moved = Buffer.concat([noise(before, 7), data, noise(after, 8)])
        let at = 0
        for (const end of cut(data, sizes)) {
          if (end < data.length) expect(blockEnd(moved, before + at, moved.length, sizes)).toBe(before + end)
          at = end
        }
      }),
      { numRuns: 50 },
    )
  })

  it('fall into step again soon after a change, as the surroundings of a chunk rely on', () => {
    const data = noise(2 * mib, 3)
    const sizes = blockSizes(data.length)
    const known = new Set(cut(data))
    let late = 0
    for (let shift = 1; shift < 5000; shift += 13) {
      let at = shift
      while (!known.has(at)) at = blockEnd(data, at, data.length, sizes)
      if (at - shift > 2 * sizes.max) late++
    }
    expect(late).toBeLessThan(20)
  })

  it('are twice the shortest length on average', () => {
    const data = noise(4 * mib, 5)
    const average = data.length / cut(data).length
    expect(average).toBeGreaterThan(3.5 * kib)
    expect(average).toBeLessThan(4.5 * kib)
  })

  it('are longer in longer files, so that there are never too many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: maxBasis }), (size) => {
        const { min, max } = blockSizes(size)
        expect(Math.ceil(size / min)).toBeLessThanOrEqual(maxBlocks)
        expect(min === 2 * kib || Math.ceil((2 * size) / min) > maxBlocks - 2).toBe(true)
        expect(max).toBe(8 * min)
      }),
    )
    expect(blockSizes(1024 * mib)).toEqual({ min: 2 * kib, max: 16 * kib, mask: 0xffe00000 | 0 })
    expect(blockSizes(100 * 1024 * mib)).toEqual({ min: 64 * kib, max: 512 * kib, mask: 0xffff0000 | 0 })
  })

  it('end where a second implementation would cut them', () => {
    expect(cut(noise(32 * kib, 1))).toEqual([5196, 10_066, 12_690, 19_018, 22_030, 24_902, 32_768])
  })
})
