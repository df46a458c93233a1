import { matchLeaf, readLeaves } from './json.js'
import type { RegexEngine } from './regex.js'
import { compareText, fold, isAnything, matchesWildcard } from './text.js'
import { type Comparison, type Expression, splitOperator, type Value, valuesOf } from './tree.js'
import { checkOperator, ordered, readBoolean, readDate, readNumber, type SingleOperator } from './values.js'

/**
 * What an attribute is in one row. An absent value (null, no names, no such key) equals nothing, contains
 * nothing and stands in no order; so `!=`, `not in`, `not contains` and `not matches` are true of it.
 */
export type Operand =
  | { readonly kind: 'text'; readonly value: string | null }
  | { readonly kind: 'number'; readonly value: number | null }
  | { readonly kind: 'boolean'; readonly value: boolean | null }
  /** Milliseconds since 1970. */
  | { readonly kind: 'date'; readonly value: number | null }
  /** Everything by which the entity referred to is known: its id, its code, `<type>:<id>`. */
  | { readonly kind: 'names'; readonly values: readonly string[] }
  /** A parsed object and the keys that lead into it, in lower case. */
  | { readonly kind: 'json'; readonly value: unknown; readonly keys: readonly string[] }

/** Finds an attribute of the row; throws `unknown_attribute` for one that it does not have. */
export type Lookup = (attribute: readonly string[], column: number) => Operand

/**
 * Whether a row satisfies an expression: the plain meaning of a query. What compiles queries to something
 * faster must agree with it.
 *
 * @throws WaybillError for a value or an operator that does not suit the attribute
 */
export function evaluate(expression: Expression, lookup: Lookup, regex: RegexEngine): boolean {
  switch (expression.kind) {
    // Every part is looked at, so that a bad value is an error whatever the row holds.
    case 'and':
      return expression.parts.map((part) => evaluate(part, lookup, regex)).every(Boolean)
    case 'or':
      return expression.parts.map((part) => evaluate(part, lookup, regex)).some(Boolean)
    case 'not':
      return !evaluate(expression.part, lookup, regex)
    case 'comparison': {
      const operand = lookup(expression.attribute, expression.column)
      checkOperator(expression, operand.kind)
      const holds = test(expression, operand, regex)
      return splitOperator(expression.operator).negated ? !holds : holds
    }
  }
}

/** The comparison with the positive form of its operator. */
function test(comparison: Comparison, operand: Operand, regex: RegexEngine): boolean {
  const { positive } = splitOperator(comparison.operator)
  // A pattern that cannot be used is an error also where there is nothing to search.
  if (positive === 'matches') for (const value of valuesOf(comparison)) regex.compile(value)
  const each = valuesOf(comparison).map((value) => {
    if (positive === '=' && isAnything(value.text)) return isPresent(operand)
    return testValue(positive === 'in' ? '=' : positive, positive === 'in', operand, value, comparison, regex)
  })
  return each.some(Boolean)
}

function isPresent(operand: Operand): boolean {
  if (operand.kind === 'names') return operand.values.length > 0
  if (operand.kind === 'json') return readLeaves(operand.value, operand.keys).length > 0
  return operand.value !== null
}

function testValue(
  operator: SingleOperator,
  literal: boolean,
  operand: Operand,
  value: Value,
  { attribute }: Comparison,
  regex: RegexEngine,
): boolean {
  switch (operand.kind) {
    case 'text':
      return testText(operator, literal, operand.value, value, regex)
    case 'names':
      return operand.values.map((name) => testText(operator, literal, name, value, regex)).some(Boolean)
    case 'json':
      return readLeaves(operand.value, operand.keys)
        .map((leaf) =>
          matchLeaf(operator, leaf, value, (text) => testText(operator, literal, text, value, regex)),
        )
        .some(Boolean)
    case 'number': {
      const number = readNumber(value, attribute)
      return operand.value !== null && ordered(operator, operand.value - number)
    }
    case 'boolean': {
      const wanted = readBoolean(value, attribute)
      return operand.value === wanted
    }
    case 'date': {
      const { from, to } = readDate(value, attribute)
      if (operand.value === null) return false
      return ordered(operator, operand.value < from ? -1 : operand.value >= to ? 1 : 0)
    }
  }
}

function testText(
  operator: SingleOperator,
  literal: boolean,
  text: string | null,
  value: Value,
  regex: RegexEngine,
): boolean {
  if (operator === 'matches') {
    const found = regex.compile(value)
    return text !== null && found(text)
  }
  if (text === null) return false
  if (operator === 'contains') return fold(text).includes(fold(value.text))
  if (operator === '=') return literal ? fold(text) === fold(value.text) : matchesWildcard(text, value.text)
  return ordered(operator, compareText(text, value.text))
}
