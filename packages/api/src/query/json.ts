import { fold } from './text.js'
import type { Value } from './tree.js'
import { ordered, parseNumber, type SingleOperator } from './values.js'

/** What a path into an object can end at; null and absent are the same. */
export type Leaf = string | number | boolean

/**
 * The values that a path of keys leads to. Keys are compared without regard to case, so there can be several;
 * an array stands for each of its plain values. Objects are not values.
 */
export function readLeaves(value: unknown, keys: readonly string[]): readonly Leaf[] {
  let reached: readonly unknown[] = [value]
  for (const key of keys) {
    reached = reached.flatMap((parent) =>
      isObject(parent)
        ? Object.entries(parent)
            .filter(([name]) => fold(name) === fold(key))
            .map(([, child]) => child)
        : [],
    )
  }
  return reached
    .flatMap((found): readonly unknown[] => (Array.isArray(found) ? found : [found]))
    .filter(isLeaf)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLeaf(value: unknown): value is Leaf {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/**
 * Whether one value within an object satisfies a comparison. A number is compared with a number as a number;
 * in all other cases the texts are compared, `true` and `false` being the texts of booleans.
 */
export function matchLeaf(
  operator: SingleOperator,
  leaf: Leaf,
  value: Value,
  testText: (text: string) => boolean,
): boolean {
  const number = parseNumber(value.text)
  if (typeof leaf !== 'number' || operator === 'contains' || operator === 'matches')
    return testText(String(leaf))
  if (number === undefined) return operator === '=' && testText(String(leaf))
  return ordered(operator, leaf - number)
}
