import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ranges } from './ranges.js'

const step = fc.record({
  remove: fc.boolean(),
  start: fc.nat({ max: 60 }),
  length: fc.nat({ max: 12 }),
})

describe('Ranges', () => {
  it('is the same as a set of numbers', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ranges = new Ranges()
        const model = new Set<number>()
        for (const { remove, start, length } of steps) {
          let fresh = 0
          for (let value = start; value < start + length; value++) {
            if (remove) model.delete(value)
            else if (!model.has(value)) {
              model.add(value)
              fresh++
            }
          }
          if (remove) ranges.remove(start, start + length)
          else expect(ranges.add(start, start + length)).toBe(fresh)
          const values: number[] = []
          let before = -1
          for (let i = 0; i < ranges.count; i++) {
            const { start: from, end } = ranges.at(i)
            // Apart from each other, or they would be one.
            expect(from).toBeGreaterThan(before)
            expect(end).toBeGreaterThan(from)
            before = end
            for (let value = from; value < end; value++) values.push(value)
          }
          expect(values).toEqual([...model].sort((a, b) => a - b))
          const missing: number[] = []
          for (const gap of ranges.gaps(start, start + length)) {
            for (let value = gap.start; value < gap.end; value++) missing.push(value)
          }
          const expected = Array.from({ length }, (_, i) => start + i).filter((value) => !model.has(value))
          expect(missing).toEqual(expected)
          expect(ranges.has(start)).toBe(model.has(start))
        }
      }),
    )
  })

  it('keeps the highest', () => {
    const ranges = new Ranges()
    for (const start of [0, 10, 20, 30]) ranges.add(start, start + 5)
    expect(ranges.keepHighest(2)).toBe(true)
    expect(ranges.at(0)).toEqual({ start: 20, end: 25 })
    expect(ranges.keepHighest(2)).toBe(false)
  })
})
