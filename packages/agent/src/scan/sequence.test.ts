import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeGaps, parseSequence } from './sequence.js'

describe('a sequence', () => {
  it.each<[string, string[]]>([
    ['a.%04d.exr[8-10]', ['a.0008.exr', 'a.0009.exr', 'a.0010.exr']],
    ['%d[9-10]', ['9', '10']],
    ['größe_%2d.jpg[99-100]', ['größe_99.jpg', 'größe_100.jpg']],
  ])('%s has the frames %j', (name, frames) => {
    const sequence = parseSequence(name)
    const names = frames.map((_, i) => sequence?.name(sequence.first + i))
    expect(names.map((bytes) => Buffer.from(bytes ?? '', 'latin1').toString())).toEqual(frames)
    expect(sequence?.last).toBe((sequence?.first ?? 0) + frames.length - 1)
  })

  it.each(['a.exr', 'a.%04d.exr', 'a[1-2]', 'a.%04d[2-1]', 'a.%04d[0-9999999]', '%d%d[1-2]'])(
    '%s is none',
    (name) => {
      expect(parseSequence(name)).toBeUndefined()
    },
  )
})

describe('gaps', () => {
  it('are told as runs', () => {
    expect(describeGaps([103, 104, 105, 110])).toBe('103-105,110')
    expect(describeGaps([1, 3, 5], 2)).toBe('1,3 and 1 more gaps')
    expect(describeGaps([])).toBe('')
  })

  it('name each number once, and no other', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200)), (numbers) => {
        const sorted = [...numbers].sort((a, b) => a - b)
        const told = describeGaps(sorted, 1000)
        const read =
          told === ''
            ? []
            : told.split(',').flatMap((run) => {
                const [first = 0, last = first] = run.split('-').map(Number)
                return Array.from({ length: last - first + 1 }, (_, i) => first + i)
              })
        expect(read).toEqual(sorted)
      }),
    )
  })
})
