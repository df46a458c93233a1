import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gzipBase64, textToBase64 } from './gzip.js'
import { splitQuery } from './query-text.js'
import { fromWire, toWire } from './values.js'

const dates = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
const trees = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    dates,
    fc.string().filter((text) => fromWire(text) === text),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('node'),
    ),
  ),
})).node

test('what is sent and read again is the same', () => {
  fc.assert(
    fc.property(trees, (value) => {
      expect(fromWire(JSON.parse(JSON.stringify(toWire(value))))).toStrictEqual(clone(value))
    }),
  )
})

/** Without the null prototypes that dictionaries come with. */
function clone(value: unknown): unknown {
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map(clone)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clone(item)]))
}

test('texts that only look like dates stay texts', () => {
  for (const text of ['2026-02-31T00:00:00', '2026-01-01', '2026-01-01T00:00:00Z', 'x 2026-01-01T00:00:00'])
    expect(fromWire(text)).toBe(text)
})

test('base64 and gzip of any text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      expect(Buffer.from(textToBase64(text), 'base64').toString()).toBe(text)
      expect(gunzipSync(Buffer.from(await gzipBase64(text), 'base64')).toString()).toBe(text)
    }),
    { numRuns: 10 },
  )
})

test('a query is split at WHERE, in any case and over lines', () => {
  expect(splitQuery(' Transfer where a=1\n and b="where x" ')).toEqual({
    type: 'Transfer',
    expression: 'a=1\n and b="where x"',
  })
  expect(splitQuery('user')).toEqual({ type: 'user', expression: undefined })
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(splitQuery(text).type).toMatch(/^[a-z_]+$/i)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'bad_query' })
      }
    }),
  )
})
