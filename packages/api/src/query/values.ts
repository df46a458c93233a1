import { type DateRange, parseDate } from '../dates.js'
import { queryError } from './scanner.js'
import type { Comparison, PositiveOperator, Value } from './tree.js'
import { splitOperator } from './tree.js'

/**
 * What the values of a query mean for each kind of attribute, and which operators it takes. Everything that
 * answers queries reads values through here, so that all agree on what is an error.
 */
export type OperandKind = 'text' | 'number' | 'boolean' | 'date' | 'names' | 'json'

const operators: Readonly<Record<OperandKind, readonly PositiveOperator[]>> = {
  text: ['=', '<', '<=', '>', '>=', 'in', 'contains', 'matches'],
  number: ['=', '<', '<=', '>', '>=', 'in'],
  boolean: ['=', 'in'],
  date: ['=', '<', '<=', '>', '>=', 'in'],
  names: ['=', 'in', 'contains', 'matches'],
  json: ['=', '<', '<=', '>', '>=', 'in', 'contains', 'matches'],
}

const nouns: Readonly<Record<OperandKind, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'either true or false',
  date: 'a date',
  names: 'a reference to another entity',
  json: 'an object',
}

/** Refuses an operator that means nothing for the kind, such as `user < 5`. */
export function checkOperator(comparison: Comparison, kind: OperandKind): void {
  const { positive } = splitOperator(comparison.operator)
  if (operators[kind].includes(positive)) return
  const able = operators[kind].flatMap((operator) => {
    if (operator === '=') return ['=', '!=']
    return /^\w/.test(operator) ? [operator, `not ${operator}`] : [operator]
  })
  throw queryError(
    `${comparison.attribute.join('.')} is ${nouns[kind]}: ${comparison.operator} cannot be used, only ${able.join(', ')}`,
    comparison.operatorColumn,
  )
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** The number that a text is; undefined when it is none. */
export function parseNumber(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  // Adding zero makes -0 plain.
  return Number.isFinite(number) ? number + 0 : undefined
}

export function readNumber(value: Value, attribute: readonly string[]): number {
  return parseNumber(value.text) ?? refuse(value, attribute, 'a number')
}

/** Reads a date as the stretch of time that it stands for: a day, a minute, a second, a millisecond. */
export function readDate(value: Value, attribute: readonly string[]): DateRange {
  return parseDate(value.text) ?? refuse(value, attribute, 'a date such as 2026-01-31 or 2026-01-31T10:00:00')
}

export function readBoolean(value: Value, attribute: readonly string[]): boolean {
  const text = value.text.toLowerCase()
  if (['true', 'yes', '1'].includes(text)) return true
  if (['false', 'no', '0'].includes(text)) return false
  return refuse(value, attribute, 'true or false')
}

function refuse(value: Value, attribute: readonly string[], wanted: string): never {
  throw queryError(
    `${attribute.join('.')} needs ${wanted}, not ${JSON.stringify(value.text.slice(0, 100))}`,
    value.column,
  )
}

/** What one value can be compared with; lists are their values one by one. */
export type SingleOperator = Exclude<PositiveOperator, 'in'>

/** Whether a difference (negative, zero, positive) satisfies an operator of equality or order. */
export function ordered(operator: SingleOperator, difference: number): boolean {
  switch (operator) {
    case '=':
      return difference === 0
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
    case '>':
      return difference > 0
    case '>=':
      return difference >= 0
    case 'contains':
    case 'matches':
      return false
  }
}
