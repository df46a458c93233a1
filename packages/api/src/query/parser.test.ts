import { describe, expect, it } from 'vitest'
import { WaybillError } from '../errors.js'
import { parseExpression, parseQuery } from './parser.js'
import { printExpression } from './printer.js'
import { requiredValue } from './tree.js'

/** A short text of a tree, to compare with. */
function shape(text: string): string {
  return printExpression(parseExpression(text))
}

function errorOf(work: () => unknown): WaybillError {
  try {
    work()
  } catch (error) {
    if (error instanceof WaybillError) return error
    throw error
  }
  throw new Error('no error')
}

describe('parseExpression', () => {
  it.each([
    ['user=lisa@example.com', 'user=lisa@example.com'],
    ['status<>failed', 'status!=failed'],
    ['STATUS = Running', 'status=Running'],
    ['code="* backup"', 'code="* backup"'],
    ["name='x and y.png'", 'name="x and y.png"'],
    ['name="say ""hi"""', `name='say "hi"'`],
    ['path="C:\\dir\\"', 'path=C:\\dir\\'],
    ['created>2026-01-01', 'created>2026-01-01'],
    ['created > 2026-01-01T10:00:00', 'created>2026-01-01T10:00:00'],
    ['size>-1', 'size>-1'],
    ['size>=10 and size<=20', 'size>=10 AND size<=20'],
    ['type in 0,2', 'type in (0, 2)'],
    ['type in 0, 2 and x=1', 'type in (0, 2) AND x=1'],
    ['type not in (0 , 2)', 'type not in (0, 2)'],
    ['type in(0,2)', 'type in (0, 2)'],
    ['code in "a, b c"', 'code in (a, "b c")'],
    ['code in ("a,b", c)', 'code in ("a,b", c)'],
    ['code in "a,b",c', 'code in ("a,b", c)'],
    ['name CONTAINS x', 'name contains x'],
    ['name not contains "a b"', 'name not contains "a b"'],
    ['name matches ^a(b|c)$', 'name matches "^a(b|c)$"'],
    ['name not matches x', 'name not matches x'],
    ['metadata.artist=malcolm', 'metadata.artist=malcolm'],
    ['metadata."two words"=1', 'metadata."two words"=1'],
    ['job.id=5a7325f8b7ef72f5f9d74bf4', 'job.id=5a7325f8b7ef72f5f9d74bf4'],
    ['destination=user:6676f3e9c7ef4e27da254e57', 'destination=user:6676f3e9c7ef4e27da254e57'],
    ['name=copy(2).mov', 'name="copy(2).mov"'],
    ['(name=copy(2).mov)', 'name="copy(2).mov"'],
    ["name=it's", 'name="it\'s"'],
    ['name=größe/日本', 'name=größe/日本'],
    ['url=http://x/?a=b', 'url="http://x/?a=b"'],
    ['a=1 or b=2 and c=3', 'a=1 OR b=2 AND c=3'],
    ['(a=1 or b=2) and c=3', '(a=1 OR b=2) AND c=3'],
    ['not (a=1)', 'NOT (a=1)'],
    ['not a=1 and b=2', 'NOT (a=1) AND b=2'],
    ['not not a=1', 'NOT (NOT (a=1))'],
    ['name=""', 'name=""'],
    ['name=in', 'name="in"'],
    ['a=1\n\tand\u00a0b=2', 'a=1 AND b=2'],
    ['and.x=1', '"and".x=1'],
    [
      '((user=lisa@example.com AND destination=hq) OR status<>failed) AND code="* backup"',
      '(user=lisa@example.com AND destination=hq OR status!=failed) AND code="* backup"',
    ],
  ])('reads %s', (text, canonical) => {
    expect(shape(text)).toBe(canonical)
    expect(shape(canonical)).toBe(canonical)
  })

  it.each([
    ['', 1, /empty/],
    ['   ', 4, /empty/],
    ['status', 7, /operator is missing/],
    ['status=', 8, /value.*the end/],
    ['status= AND code=x', 9, /value.*AND/],
    ['status==done', 7, /did you mean =\?/],
    ['status like done', 8, /Expected an operator.*like.*contains/],
    ['status not done', 12, /status not.*done/],
    ['status=done)', 12, /Stray/],
    ['(status=done', 1, /never closed/],
    ['(status=done code=x)', 14, /Expected AND, OR/],
    ['status=done code=x', 13, /quotes/],
    ['=done', 1, /comparison/],
    ['and a=1', 1, /comparison.*and/],
    ['a=1 and', 8, /comparison.*the end/],
    ['a=1 and or b=2', 9, /comparison.*or/],
    ['()', 2, /comparison/],
    ['name="x', 6, /never closed/],
    ['name="x"y', 9, /closing quote/],
    ['name=copy(2', 6, /never closed/],
    ['name= =x', 7, /value/],
    ['type in ()', 10, /value/],
    ['type in 0,,2', 11, /value/],
    ['type in (0 2)', 12, /","/],
    ['type in (0', 9, /never closed/],
    ['type in "0,,2"', 12, /empty/],
    ['metadata.=1', 10, /after the dot/],
    ['.a=1', 1, /comparison/],
    ['name=a\0b', 7, /no text can hold/],
    ['name=\ud800', 6, /no text can hold/],
  ])('refuses %j at column %i', (text, column, message) => {
    const error = errorOf(() => parseExpression(text))
    expect(error.code).toBe('bad_query')
    expect(error.message).toMatch(message)
    expect(error.message).toContain(`(at column ${column})`)
    expect(error.column).toBe(column)
  })

  it('says where attributes, operators and values stand', () => {
    expect(parseExpression(' user  =  "x"')).toEqual({
      kind: 'comparison',
      attribute: ['user'],
      operator: '=',
      column: 2,
      operatorColumn: 8,
      value: { text: 'x', column: 11 },
    })
  })

  it('bounds nesting, length, comparisons and values', () => {
    const deep = (levels: number): string => `${'('.repeat(levels)}a=1${')'.repeat(levels)}`
    expect(shape(deep(100))).toBe('a=1')
    expect(errorOf(() => parseExpression(deep(101))).message).toMatch(/too deep/)
    expect(errorOf(() => parseExpression(deep(30_000))).message).toMatch(/too deep/)
    expect(errorOf(() => parseExpression('not '.repeat(10_000))).message).toMatch(/too deep/)
    expect(errorOf(() => parseExpression('a'.repeat(70_000))).message).toMatch(/too long/)
    const many = (count: number): string => Array(count).fill('a=1').join(' or ')
    expect(parseExpression(many(1000)).kind).toBe('or')
    expect(errorOf(() => parseExpression(many(1001))).message).toMatch(/Too many comparisons/)
    expect(errorOf(() => parseExpression(`a in ${Array(5001).fill('1').join()}`)).message).toMatch(/values/)
    expect(errorOf(() => parseExpression(`a in "${Array(5001).fill('1').join()}"`)).message).toMatch(/values/)
  })
})

describe('parseQuery', () => {
  it('reads type and expression', () => {
    const query = parseQuery('Transfer WHERE Status=running ')
    expect(query).toMatchObject({
      entityType: 'Transfer',
      entityTypeColumn: 1,
      expressionText: 'Status=running',
      expression: { kind: 'comparison', attribute: ['status'], column: 16 },
    })
    expect(parseQuery('transfer where(a=1)').expressionText).toBe('(a=1)')
    expect(parseQuery(' Task ')).toMatchObject({
      entityType: 'Task',
      expression: undefined,
      expressionText: '',
    })
  })

  it.each([
    ['', 1],
    ['WHERE a=1', 1],
    ['Transfer status=1', 10],
    ['Transfer=1', 9],
    ['Transfer WHERE', 15],
  ])('refuses %j', (text, column) => {
    expect(errorOf(() => parseQuery(text)).column).toBe(column)
  })
})

describe('requiredValue', () => {
  it.each([
    ['job.id=abc', 'abc'],
    ['status=done and (job.id=abc and x=1)', 'abc'],
    ['status=done', undefined],
    ['job.id=abc or x=1', undefined],
    ['not (job.id=abc)', undefined],
    ['job.id=a*', undefined],
  ])('%s', (text, value) => {
    expect(requiredValue(parseExpression(text), ['job', 'id'])?.text).toBe(value)
  })
})
