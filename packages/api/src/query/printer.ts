import { type Comparison, type Expression, isList } from './tree.js'

/** The canonical text of a tree; parsing it again gives the same tree, columns aside. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
      return expression.parts
        .map((part) => (part.kind === 'or' || part.kind === 'and' ? group(part) : printExpression(part)))
        .join(' AND ')
    case 'or':
      return expression.parts
        .map((part) => (part.kind === 'or' ? group(part) : printExpression(part)))
        .join(' OR ')
    case 'not':
      return `NOT ${group(expression.part)}`
    case 'comparison':
      return printComparison(expression)
  }
}

function group(expression: Expression): string {
  return `(${printExpression(expression)})`
}

function printComparison(comparison: Comparison): string {
  const attribute = comparison.attribute.map(printName).join('.')
  if (isList(comparison)) {
    const values = comparison.values.map((value) => printValue(value.text))
    return `${attribute} ${comparison.operator} (${values.join(', ')})`
  }
  const { operator, value } = comparison
  const joint = /^\w/.test(operator) ? ` ${operator} ` : operator
  return `${attribute}${joint}${printValue(value.text)}`
}

const PLAIN_NAME = /^[\p{L}\p{N}_-]+$/u
const PLAIN_VALUE = /^[\p{L}\p{N}_@:/*%+\\.-]+$/u
const KEYWORD = /^(and|or|not|in|contains|matches|where)$/i

function printName(name: string): string {
  return PLAIN_NAME.test(name) && !KEYWORD.test(name) ? name : quote(name)
}

/** A value as it is written in a query: bare where that is safe, in quotes otherwise. */
export function printValue(text: string): string {
  return PLAIN_VALUE.test(text) && !KEYWORD.test(text) ? text : quote(text)
}

function quote(text: string): string {
  if (text.includes('"') && !text.includes("'")) return `'${text}'`
  return `"${text.replaceAll('"', '""')}"`
}
