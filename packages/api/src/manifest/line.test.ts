import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ManifestLine, manifestStates, parseManifestLine, printManifestLine } from './line.js'
import { printNanoseconds } from './mtime.js'

const digest = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))

const lines: fc.Arbitrary<ManifestLine> = fc
  .record({
    task: fc.nat(),
    path: fc.string({ unit: 'grapheme', maxLength: 200 }),
    size: fc.maxSafeNat(),
    mtime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    state: fc.constantFrom(...manifestStates),
    checksum: digest,
    bytes: fc.option(fc.base64String({ maxLength: 400, minLength: 4 }), { nil: undefined }),
  })
  .map(({ bytes, ...line }) => ({
    ...line,
    checksum: line.state === 'present' ? null : line.checksum,
    ...(bytes === undefined ? {} : { bytes }),
  }))

describe('lines of a manifest', () => {
  it('are read as they were written, whatever the names', () => {
    fc.assert(
      fc.property(lines, (line) => {
        const text = printManifestLine(line)
        expect(text.indexOf('\n')).toBe(text.length - 1)
        expect(parseManifestLine(text.trimEnd())).toEqual(line)
      }),
    )
  })

  it('are nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseManifestLine(text)).toBeUndefined()
      }),
    )
  })

  it.each([
    ['a checksum of what was not read', `[0,"a",1,"0","p","${'0'.repeat(32)}"]`],
    ['no checksum of what was', '[0,"a",1,"0","t",""]'],
    ['a size that no double holds', `[0,"a",1e300,"0","p",""]`],
    ['something at the end', '[0,"a",1,"0","p","","YQ==",1]'],
  ])('have not %s', (_what, text) => {
    expect(parseManifestLine(text)).toBeUndefined()
  })
})

describe('nanoseconds', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z'],
    [2n ** 63n - 1n, '2262-04-11T23:47:16.854775807Z'],
    [10n ** 30n, ''],
  ])('%s are %s', (mtime, date) => {
    expect(printNanoseconds(mtime)).toBe(date)
  })
})
