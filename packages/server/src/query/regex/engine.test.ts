import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern, compileRegex } from './engine.js'
import { PatternError, translate } from './python.js'

describe('patterns in the dialect of Python', () => {
  it.each([
    ['abc', 'xABCx', true],
    ['^abc$', 'abc', true],
    ['^abc$', 'abc\n', true],
    ['^abc$', 'abc\n\n', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['^b', 'a\nb', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['(?im)^B$', 'a\nb\nc', true],
    ['\\Aabc\\Z', 'abc', true],
    ['\\aabc\\z', 'abc', true],
    ['\\d+', '٣', true],
    ['\\w{3}', 'äöü', true],
    ['\\W', 'äöü_9', false],
    ['\\s', '\u00a0', true],
    ['\\S', ' \t\u2003', false],
    ['[\\w.]+@x', 'ä.b@x', true],
    ['[^\\d]', '123', false],
    ['[]a]', ']', true],
    ['[^]a]', ']a', false],
    ['[a-]', '-', true],
    ['[[:]', ':', true],
    ['[\\]\\\\]', '\\', true],
    ['\\bfoo\\b', 'a foo b', true],
    ['\\bfoo\\b', 'afoo', false],
    ['\\Boo', 'foo', true],
    ['a{2,3}', 'aa', true],
    ['^a{,2}$', 'aaa', false],
    ['a{x}', 'a{x}', true],
    ['a{}', 'a{}', true],
    ['(?P<name>a)(?:b|c)', 'ac', true],
    ['(?i:a)(?#comment)b', 'AB', true],
    ['a*?b+?c??', 'b', true],
    ['\\.mov$', 'x.MOV', true],
    ['\\x41\\u00e4\\U0001f600', 'aÄ😀', true],
    ['\\t\\n', '\t\n', true],
    ['a||b', '', true],
    ['()', '', true],
    ['😀+', '😀😀', true],
    ['[😀-😂]', '😁', true],
    ['\\$\\{x\\}', '$'.concat('{x}'), true],
  ])('%s in %j: %s', (pattern, text, found) => {
    expect(compilePattern(pattern).test(text)).toBe(found)
  })

  it('regards the case when asked to', () => {
    expect(compilePattern('abc', true).test('ABC')).toBe(false)
    expect(compilePattern('abc', false).test('ABC')).toBe(true)
  })

  it.each([
    ['(a', /never closed/],
    ['a)', /never opened/],
    ['[a', /never closed/],
    ['[', /never closed/],
    ['[\\', /never closed/],
    ['a\\', /backslash/],
    ['*a', /nothing to repeat/],
    ['a|*', /nothing to repeat/],
    ['(*a)', /nothing to repeat/],
    ['^*', /nothing to repeat/],
    ['a**', /two repetitions/],
    ['a{2}{3}', /two repetitions/],
    ['a++', /possessive/],
    ['a{300}', /255/],
    ['a{3,2}', /smaller/],
    ['(a)\\1', /back-references/],
    ['(?P<x>a)(?P=x)', /back-references/],
    ['a(?=b)', /look-ahead/],
    ['(?<!a)b', /look-ahead/],
    ['(?>a)', /atomic/],
    ['(?(1)a)', /group/],
    ['(?x)a', /group/],
    ['a(?i)', /group/],
    ['[z-a]', /range/],
    ['[a-\\d]', /range/],
    ['[\\W]', /brackets/],
    ['\\q', /\\q/],
    ['\\u0000', /no character/],
    ['\\ud800', /no character/],
    ['((a{100}){100}){100}', /invalid repeat count/],
    ['(a{100}){9}b{200}c{200}d{200}e{200}f{200}g{200}', /too complex/],
    ['('.repeat(500) + ')'.repeat(501), /longer|never/],
    ['a'.repeat(1001), /longer/],
  ])('refuses %s', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message)
    expect(() => compileRegex({ text: pattern, column: 7 })).toThrow(
      expect.objectContaining({ code: 'bad_query', column: 7 }),
    )
  })

  it('gives a pattern or a PatternError for any text', () => {
    const piece = fc.constantFrom(
      ...'()[]{}|*+?^$.\\-,:=!<>abPdwsWxu019'.split(''),
      '(?',
      '(?P<',
      '[^',
      '{2,',
      'é',
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }).map((all) => all.join('')),
        (pattern) => {
          try {
            translate(pattern)
          } catch (error) {
            expect(error).toBeInstanceOf(PatternError)
            return
          }
          // What the translator lets through, the engine must take as well.
          expect(() => compilePattern(pattern)).not.toThrow()
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('ends soon for patterns that make backtracking engines hang', () => {
    const text = 'a'.repeat(60_000)
    for (const pattern of ['(a+)+$b', '(a|a)*b', '(.*a){12}.*c', '(a*)*b', '^(([a-z])+.)+[a-z]([a-z])+!$'])
      expect(compilePattern(pattern).test(text)).toBe(false)
  })
})
