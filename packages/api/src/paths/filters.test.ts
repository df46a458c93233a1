import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaybillError } from '../errors.js'
import type { RegexEngine } from '../query/regex.js'
import { chooser, compileFilters, type Filter, parseFilters, printFilters } from './filters.js'

/** The built-in engine will do for patterns that the tests choose. */
const regex: RegexEngine = {
  compile: (pattern, options) => {
    if (pattern.text === 'bad') throw new WaybillError('bad_query', 'bad pattern', { column: 1 })
    const compiled = new RegExp(pattern.text, options?.caseSensitive === true ? 'u' : 'iu')
    return (text) => compiled.test(text)
  },
}

describe('filters', () => {
  it.each([
    ['word', 'WORD', true],
    ['word', 'words', false],
    ['*word', 'passWord', true],
    ['*word', 'words', false],
    ['word*', 'words', true],
    ['word*', 'a word', false],
    ['*word*', 'a words', true],
    ['start*end', 'start of the END', true],
    ['start*end', 'starten', false],
    ["re('^a.c$')", 'ABC', true],
    ["re('^a.c$', 'I')", 'ABC', false],
    ["re('^a.c$', 'I')", 'abc', true],
    ["re('^a.c$','I')", 'abc', true],
    ['re("a,b")', 'xa,b', true],
    ["re('a{1,2}'),*.mov", 'x.mov', true],
    ["*.mov, re('(x|y)')", 'why', true],
    ['a\\,b', 'a,b', true],
    ['a\\,b', 'a', false],
    ['a, ,b,', 'b', true],
    ['a,b', 'c', false],
    ['', 'anything', false],
    ['a?c', 'abc', false],
  ])('%s on %s: %s', (text, name, expected) => {
    expect(compileFilters(parseFilters(text), regex)(name)).toBe(expected)
  })

  it('lets include win', () => {
    const choose = (include: string, exclude: string, name: string): boolean =>
      chooser(parseFilters(include), parseFilters(exclude), regex)(name)
    expect(choose('', '', 'a')).toBe(true)
    expect(choose('', 'a', 'a')).toBe(false)
    expect(choose('', 'a', 'b')).toBe(true)
    expect(choose('a', '', 'a')).toBe(true)
    expect(choose('a', '', 'b')).toBe(false)
    expect(choose('a', '*', 'a')).toBe(true)
    expect(choose('a', '*', 'b')).toBe(false)
    expect(choose('a', 'b', 'c')).toBe(true)
  })

  it('refuses what is never closed, and expressions that cannot be used', () => {
    for (const text of ["re('a", "re('a'", "re('a', 'X')"])
      expect(() => parseFilters(text)).toThrow(expect.objectContaining({ code: 'bad_request' }))
    expect(() => compileFilters(parseFilters("re('bad')"), regex)).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    )
  })

  it('reads back what it prints', () => {
    const filter: fc.Arbitrary<Filter> = fc.oneof(
      fc.record({
        kind: fc.constant('wildcard' as const),
        pattern: fc
          .string({ minLength: 1 })
          .filter((text) => text.trim() === text && !/\\(,|$)/.test(text) && !/^re\(/i.test(text)),
      }),
      fc.record({
        kind: fc.constant('regex' as const),
        pattern: fc.string().filter((text) => !/['"]\s*[,)]/.test(text)),
        caseSensitive: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(fc.array(filter), (filters) => {
        expect(parseFilters(printFilters(filters))).toEqual(filters)
      }),
    )
  })

  it('gives filters or a bad_request for any text', () => {
    const piece = fc.constantFrom(
      "re('",
      "re('a')",
      "')",
      "'",
      ',',
      '\\',
      '\\,',
      '*',
      ' ',
      'a',
      're(',
      '"',
      ", 'I')",
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          parseFilters(pieces.join(''))
        } catch (error) {
          expect((error as WaybillError).code).toBe('bad_request')
        }
      }),
    )
  })
})
