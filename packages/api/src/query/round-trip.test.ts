import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaybillError } from '../errors.js'
import { parseExpression } from './parser.js'
import { printExpression } from './printer.js'
import { type Expression, listOperators, scalarOperators } from './tree.js'

const at = { column: 1, operatorColumn: 1 }

function text(minLength: number): fc.Arbitrary<string> {
  const odd = fc.constantFrom(
    'and',
    'OR',
    'not',
    'in',
    'a b',
    '*',
    '"',
    "'",
    `'"`,
    '(',
    ')',
    'a)',
    ',',
    '\\',
    '=',
  )
  return fc
    .oneof(fc.string({ minLength, unit: 'binary', maxLength: 12 }), odd)
    .filter((value) => !/\0|\p{Surrogate}/u.test(value))
}

const name = text(0).map((value) => value.toLowerCase())

/** Any tree, with values and names of any text. */
function arbitraryExpression(): fc.Arbitrary<Expression> {
  const value = text(0).map((content) => ({ text: content, column: 1 }))
  const attribute = fc.array(name, { minLength: 1, maxLength: 3 })
  const comparison = fc.oneof(
    fc.record({
      kind: fc.constant('comparison' as const),
      attribute,
      operator: fc.constantFrom(...scalarOperators),
      value,
      column: fc.constant(at.column),
      operatorColumn: fc.constant(at.operatorColumn),
    }),
    fc.record({
      kind: fc.constant('comparison' as const),
      attribute,
      operator: fc.constantFrom(...listOperators),
      values: fc.array(value, { minLength: 1, maxLength: 4 }),
      column: fc.constant(at.column),
      operatorColumn: fc.constant(at.operatorColumn),
    }),
  )
  return combine(comparison)
}

/** Joins leaves by AND, OR and NOT to trees of moderate depth. */
function combine(leaf: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        parts: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
      }),
      fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
    ),
  })).tree
}

/** The tree without its columns, to compare with. */
function withoutColumns(expression: Expression): unknown {
  return JSON.parse(
    JSON.stringify(expression, (key, value: unknown) =>
      key === 'column' || key === 'operatorColumn' ? undefined : value,
    ),
  )
}

describe('the query language', () => {
  it('reads back what it prints', () => {
    fc.assert(
      fc.property(arbitraryExpression(), (expression) => {
        expect(withoutColumns(parseExpression(printExpression(expression)))).toEqual(
          withoutColumns(expression),
        )
      }),
    )
  })

  it('gives a tree or a bad_query for any text', () => {
    const pieces = fc.constantFrom(
      ...'()=<>!~,."\'*\\ '.split(''),
      ' and ',
      ' or ',
      ' not ',
      ' in ',
      'a',
      ' contains ',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 4 })), { maxLength: 40 }).map((all) => all.join('')),
    )
    const check = (query: string): void => {
      let tree: Expression
      try {
        tree = parseExpression(query)
      } catch (error) {
        expect(error).toBeInstanceOf(WaybillError)
        expect((error as WaybillError).code).toBe('bad_query')
        expect((error as WaybillError).column).toBeGreaterThan(0)
        return
      }
      expect(withoutColumns(parseExpression(printExpression(tree)))).toEqual(withoutColumns(tree))
    }
    fc.assert(fc.property(text, check), { numRuns: 2000 })
  })
})
