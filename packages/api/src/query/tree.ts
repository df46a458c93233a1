/** What an expression compares one value with. `<>` is read as `!=`. */
export const scalarOperators = [
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'contains',
  'not contains',
  'matches',
  'not matches',
] as const
export type ScalarOperator = (typeof scalarOperators)[number]

/** What an expression compares a list of values with. */
export const listOperators = ['in', 'not in'] as const
export type ListOperator = (typeof listOperators)[number]

export type Operator = ScalarOperator | ListOperator

/** A value as it was written, without its quotes. `column` is 1-based, in UTF-16 units. */
export interface Value {
  readonly text: string
  readonly column: number
}

interface Compared {
  readonly kind: 'comparison'
  /** The dotted path, in lower case: `metadata.artist` is ['metadata', 'artist']. Never empty. */
  readonly attribute: readonly string[]
  readonly column: number
  readonly operatorColumn: number
}

export interface ScalarComparison extends Compared {
  readonly operator: ScalarOperator
  readonly value: Value
}

export interface ListComparison extends Compared {
  readonly operator: ListOperator
  /** Never empty. */
  readonly values: readonly Value[]
}

export type Comparison = ScalarComparison | ListComparison

/** Two or more parts joined by the same word. */
export interface Junction {
  readonly kind: 'and' | 'or'
  readonly parts: readonly Expression[]
}

export interface Negation {
  readonly kind: 'not'
  readonly part: Expression
}

export type Expression = Junction | Negation | Comparison

export function isList(comparison: Comparison): comparison is ListComparison {
  return comparison.operator === 'in' || comparison.operator === 'not in'
}

/** The values of a comparison, one or many. */
export function valuesOf(comparison: Comparison): readonly Value[] {
  return isList(comparison) ? comparison.values : [comparison.value]
}

/** The opposite of each negative operator: `a != b` is `NOT a = b`, whatever the type and also when absent. */
export const positiveOf = {
  '!=': '=',
  'not in': 'in',
  'not contains': 'contains',
  'not matches': 'matches',
} as const

export type PositiveOperator = Exclude<Operator, keyof typeof positiveOf>

/** Splits an operator into its positive form and whether it was the negative one. */
export function splitOperator(operator: Operator): { positive: PositiveOperator; negated: boolean } {
  switch (operator) {
    case '!=':
    case 'not in':
    case 'not contains':
    case 'not matches':
      return { positive: positiveOf[operator], negated: true }
    default:
      return { positive: operator, negated: false }
  }
}

/**
 * The value that an expression demands of an attribute, when there is exactly one: `job.id=5a73 AND
 * status=onhold` demands `5a73` of `job.id`. Undefined when the attribute is free, or bound beneath OR or NOT.
 */
export function requiredValue(expression: Expression, attribute: readonly string[]): Value | undefined {
  if (expression.kind === 'and') {
    for (const part of expression.parts) {
      const found = requiredValue(part, attribute)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (expression.kind !== 'comparison' || expression.operator !== '=') return undefined
  const same =
    expression.attribute.length === attribute.length &&
    expression.attribute.every((segment, index) => segment === attribute[index])
  return same && !expression.value.text.includes('*') ? expression.value : undefined
}
