import {
  compareText,
  fold,
  isAnything,
  type Leaf,
  matchesWildcard,
  matchLeaf,
  ordered,
  type PositiveOperator,
  readLeaves,
  type SingleOperator,
} from '@waybill/api'
import { onBudget } from './budget.js'
import { compilePattern } from './regex/engine.js'

/** A comparison with the values that a path of keys leads to, as SQLite is handed it. */
export interface JsonTest {
  readonly keys: readonly string[]
  readonly operator: PositiveOperator
  readonly values: readonly string[]
  readonly budget: number
}

/** The test of the row before is most often that of this row. */
let latest: { readonly text: string; readonly test: JsonTest } | undefined

/** Whether an object, as JSON, satisfies a test, as JSON of a JsonTest. */
export function testJson(json: string, text: string): boolean {
  // Both texts are ours: the compiler wrote the test, the control plane the object.
  if (latest?.text !== text) latest = { text, test: JSON.parse(text) as JsonTest }
  const { test } = latest
  const leaves = readLeaves(JSON.parse(json), test.keys)
  return test.values.some((value) => leaves.some((leaf) => testLeaf(test, leaf, value)))
}

function testLeaf(test: JsonTest, leaf: Leaf, value: string): boolean {
  if (test.operator === '=' && isAnything(value)) return true
  const single = test.operator === 'in' ? '=' : test.operator
  return matchLeaf(single, leaf, { text: value, column: 1 }, (text) => testText(test, single, text, value))
}

function testText(test: JsonTest, operator: SingleOperator, text: string, value: string): boolean {
  switch (operator) {
    case '=':
      return test.operator === 'in' ? fold(text) === fold(value) : matchesWildcard(text, value)
    case 'contains':
      return fold(text).includes(fold(value))
    case 'matches':
      return onBudget(test.budget, () => compilePattern(value).test(text))
    default:
      return ordered(operator, compareText(text, value))
  }
}
