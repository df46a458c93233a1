import { describe, expect, it } from 'vitest'
import { WaybillError } from '../errors.js'
import { evaluate, type Lookup, type Operand } from './evaluate.js'
import { parseExpression } from './parser.js'
import type { RegexEngine } from './regex.js'
import { compareText, matchesWildcard } from './text.js'

/** The built-in engine will do for patterns that the tests choose. */
const regex: RegexEngine = {
  compile: (pattern) => (text) => new RegExp(pattern.text, 'iu').test(text),
}

const row: Readonly<Record<string, Operand>> = {
  name: { kind: 'text', value: 'Größe 4_final.MOV' },
  note: { kind: 'text', value: null },
  size: { kind: 'number', value: 1500 },
  speed: { kind: 'number', value: null },
  default: { kind: 'boolean', value: true },
  created: { kind: 'date', value: Date.UTC(2026, 0, 22, 8, 35, 59, 250) },
  finished: { kind: 'date', value: null },
  user: { kind: 'names', values: ['6676f3e9c7ef4e27da254e57', 'lisa@example.com'] },
  parent: { kind: 'names', values: [] },
}
const metadata = {
  Artist: 'Malcolm',
  shot: { Number: 10, ok: true },
  tags: ['day', 'exterior', 7],
  none: null,
}

const lookup: Lookup = (attribute, column) => {
  const [first = '', ...keys] = attribute
  if (first === 'metadata') return { kind: 'json', value: metadata, keys }
  const operand = row[first]
  if (operand === undefined) throw new WaybillError('unknown_attribute', first, { column })
  return operand
}

describe('evaluate', () => {
  it.each([
    'name="GRÖSSE 4_FINAL.mov" or name="größe 4_final.mov"',
    'name=grö*mov',
    'name="*4_f*"',
    'name!="*.exr"',
    'name contains FINAL',
    'name not contains exr',
    'name matches "\\d_f"',
    'name not matches ^f',
    'name in (a, "größe 4_FINAL.mov")',
    'name > a and name < z',
    'size=1500 and size=1.5e3',
    'size>1499.5 and size<=1500',
    'size in 1,1500',
    'size not in 1,2',
    'default=true and default!=false and default=YES',
    'created=2026-01-22',
    'created=2026-01-22T08:35:59',
    'created=2026-01-22T08:35:59.250',
    'created!=2026-01-22T08:35:59.251',
    'created>2026-01-21 and not created>2026-01-22',
    'created>=2026-01-22 and created<=2026-01-22',
    'created<2026-01-23 and not created<2026-01-22',
    'user=LISA@example.com and user=6676f3e9c7ef4e27da254e57',
    'user=lisa@* and user!=otto@*',
    'user in otto@example.com,lisa@example.com',
    'user contains example and user not matches otto',
    'metadata.artist=malcolm and metadata.ARTIST=Mal*',
    'metadata.shot.number=10.0 and metadata.shot.number>9',
    'metadata.shot.ok=true',
    'metadata.tags=exterior and metadata.tags in 7,8',
    'metadata.artist > b and metadata.artist contains olm',
    'metadata.tags=*',
    'name=* and size=* and created=* and user=*',
    'not (name=a or size=3)',
  ])('is true: %s', (text) => {
    // Each part must hold on its own, or the other one would hide a fault.
    const expression = parseExpression(text)
    expect(evaluate(expression, lookup, regex)).toBe(true)
    if (expression.kind === 'and')
      for (const part of expression.parts) expect(evaluate(part, lookup, regex)).toBe(true)
  })

  it.each(['note', 'metadata.none', 'metadata.shot', 'metadata.artist.x', 'parent'])(
    'takes %s for absent',
    (attribute) => {
      for (const test of ['=x', '=*', ' in x', ' contains ""', ' matches ""'])
        expect(evaluate(parseExpression(attribute + test), lookup, regex)).toBe(false)
      for (const test of ['!=x', '!=*', ' not in x', ' not contains x', ' not matches x'])
        expect(evaluate(parseExpression(attribute + test), lookup, regex)).toBe(true)
    },
  )

  it.each(['speed', 'finished'])('takes %s for absent in every order', (attribute) => {
    const value = attribute === 'speed' ? '1' : '2026-01-01'
    for (const operator of ['=', '<', '<=', '>', '>='])
      expect(evaluate(parseExpression(attribute + operator + value), lookup, regex)).toBe(false)
    expect(evaluate(parseExpression(`${attribute}!=${value}`), lookup, regex)).toBe(true)
  })

  it.each([
    ['size>abc', 6, 'size needs a number, not "abc"'],
    ['name=x or size=1e999', 16, 'size needs a number'],
    ['size contains 1', 6, 'size is a number: contains cannot be used, only =, !=, <'],
    ['size=1*', 6, 'size needs a number'],
    ['created>hello', 9, 'created needs a date'],
    ['created=2026-02-30', 9, 'created needs a date'],
    ['finished=""', 10, 'finished needs a date'],
    ['default=maybe', 9, 'default needs true or false'],
    ['default<true', 8, 'default is either true or false'],
    ['user<lisa', 5, 'user is a reference'],
  ])('refuses %s', (text, column, message) => {
    const work = (): unknown => evaluate(parseExpression(text), lookup, regex)
    expect(work).toThrow(expect.objectContaining({ code: 'bad_query', column }))
    expect(work).toThrow(message)
  })
})

describe('text', () => {
  it('orders by code points', () => {
    const texts = ['', 'A', 'a!', 'b', 'é', '\uffee', '😀', '😀a', '😁']
    for (const [i, left] of texts.entries())
      for (const [j, right] of texts.entries())
        expect(Math.sign(compareText(left, right)), `${left} ${right}`).toBe(Math.sign(i - j))
  })

  it.each([
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['abc', 'a*', true],
    ['abc', '*c', true],
    ['abc', '*b*', true],
    ['aba', 'ab*ba', false],
    ['', '*', true],
    ['', '', true],
    ['a.c', 'a?c', false],
    ['aXbXc', 'a*x*c', true],
    ['abab', '*ab', true],
  ])('%s like %s: %s', (text, pattern, expected) => {
    expect(matchesWildcard(text, pattern)).toBe(expected)
  })
})
