/**
 * The query language.
 *
 *     query      = type [ WHERE expression ]
 *     expression = term { OR term }
 *     term       = factor { AND factor }
 *     factor     = NOT factor | "(" expression ")" | comparison
 *     comparison = attribute ( sign value | word value | [ NOT ] IN list )
 *     attribute  = name { "." name }
 *     sign       = "=" | "!=" | "<>" | "<" | "<=" | ">" | ">="
 *     word       = [ NOT ] CONTAINS | [ NOT ] MATCHES
 *     list       = "(" value { "," value } ")" | value { "," value }
 *     name       = bare name without white space . , ( ) = < > ! ~ and quotes | quoted
 *     value      = bare | quoted
 *     quoted     = '"' any text, " written twice '"' | "'" any text, ' written twice "'"
 *     bare       = characters other than white space; parentheses only in pairs, no comma in a list;
 *                  not starting with a quote, parenthesis, comma or operator sign; neither AND nor OR
 *
 * Keywords and attributes are read in any case. A backslash is just a backslash, in quotes too. A list of one
 * quoted value without parentheses is split at its commas: `in "a,b"` is `in (a, b)`.
 */
import type { WaybillError } from '../errors.js'
import { limits, queryError, Scanner } from './scanner.js'
import type { Comparison, Expression, Operator, ScalarOperator, Value } from './tree.js'

export interface Query {
  /** As it was written: `Transfer`, `task`, `job`. */
  readonly entityType: string
  readonly entityTypeColumn: number
  /** Undefined without WHERE: everything. */
  readonly expression: Expression | undefined
  /** The text after WHERE, as the wire protocol sends it; empty without WHERE. */
  readonly expressionText: string
}

/** Reads what stands after WHERE. Throws `bad_query` with a column when it is none; also when it is empty. */
export function parseExpression(text: string): Expression {
  return new Parser(new Scanner(text)).whole()
}

/** Reads a whole query, such as `Transfer WHERE status=running`. Throws `bad_query` with a column. */
export function parseQuery(text: string): Query {
  const scanner = new Scanner(text)
  const entityTypeColumn = scanner.column
  const entityType = /[a-z_]+/iy
  entityType.lastIndex = entityTypeColumn - 1
  const type = entityType.exec(text)?.[0]
  if (type === undefined || type.toLowerCase() === 'where')
    throw queryError('A query starts with an entity type, as in "Transfer WHERE status=running"', 1)
  scanner.take(type)
  const base = { entityType: type, entityTypeColumn }
  if (scanner.atEnd()) return { ...base, expression: undefined, expressionText: '' }
  if (!scanner.takeKeyword('where'))
    throw queryError(`WHERE is missing before ${scanner.describeNext()}`, scanner.column)
  const expressionText = text.slice(scanner.column - 1).trimEnd()
  return { ...base, expression: new Parser(scanner).whole(), expressionText }
}

const signs: Readonly<Record<string, ScalarOperator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
const likely: Readonly<Record<string, string>> = {
  '==': '=',
  '=<': '<=',
  '=>': '>=',
  '!': '!=',
  '~': 'matches',
}
const operatorList = '=, !=, <>, <, >, <=, >=, in, not in, contains, not contains, matches, not matches'
const keywords = new Set(['and', 'or', 'where', 'in', 'contains', 'matches'])

class Parser {
  readonly #scanner: Scanner
  #comparisons = 0
  #values = 0

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  whole(): Expression {
    if (this.#scanner.atEnd()) throw queryError('The expression is empty', this.#scanner.column)
    const expression = this.#expression(0)
    if (this.#scanner.atEnd()) return expression
    const what =
      this.#scanner.text[this.#scanner.column - 1] === ')'
        ? 'Stray ")": no parenthesis is open'
        : `Expected AND, OR or the end, found ${this.#scanner.describeNext()}; a value with white space needs quotes`
    throw this.#error(what)
  }

  #expression(depth: number): Expression {
    return this.#junction('or', () => this.#junction('and', () => this.#factor(depth)))
  }

  #junction(kind: 'and' | 'or', part: () => Expression): Expression {
    const first = part()
    const parts = [first]
    while (this.#scanner.takeKeyword(kind)) parts.push(part())
    return parts.length === 1 ? first : { kind, parts }
  }

  #factor(depth: number): Expression {
    if (depth > limits.depth) throw this.#error(`Nested too deep, at most ${limits.depth} levels`)
    const column = this.#scanner.column
    if (this.#scanner.takeKeyword('not')) return { kind: 'not', part: this.#factor(depth + 1) }
    if (!this.#scanner.take('(')) return this.#comparison()
    const inner = this.#expression(depth + 1)
    if (this.#scanner.take(')')) return inner
    throw this.#scanner.atEnd()
      ? queryError('The parenthesis is never closed', column)
      : this.#error(`Expected AND, OR or ")", found ${this.#scanner.describeNext()}`)
  }

  #comparison(): Comparison {
    this.#comparisons += 1
    if (this.#comparisons > limits.comparisons)
      throw this.#error(`Too many comparisons, at most ${limits.comparisons}`)
    const { column } = this.#scanner
    const word = this.#scanner.peekWord()
    const next = word === undefined ? undefined : this.#scanner.text[column - 1 + word.length]
    const attribute =
      word !== undefined && keywords.has(word) && next !== '.' ? undefined : this.#scanner.takePath()
    if (attribute === undefined)
      throw this.#error(`Expected a comparison such as status=running, found ${this.#scanner.describeNext()}`)
    const operatorColumn = this.#scanner.column
    const operator = this.#operator(attribute)
    const where = { kind: 'comparison', attribute, column, operatorColumn } as const
    if (operator === 'in' || operator === 'not in')
      return { ...where, operator, values: this.#list(operator) }
    return { ...where, operator, value: this.#value(operator, false) }
  }

  #operator(attribute: readonly string[]): Operator {
    const { column } = this.#scanner
    const sign = this.#scanner.takeSymbol()
    if (sign !== undefined) {
      const operator = Object.hasOwn(signs, sign) ? signs[sign] : undefined
      if (operator !== undefined) return operator
      const hint = Object.hasOwn(likely, sign) ? `; did you mean ${likely[sign] ?? ''}?` : ''
      throw queryError(
        `Unknown operator ${JSON.stringify(sign)}${hint || `; there are ${operatorList}`}`,
        column,
      )
    }
    const negated = this.#scanner.takeKeyword('not')
    for (const word of ['in', 'contains', 'matches'] as const)
      if (this.#scanner.takeKeyword(word)) return negated ? `not ${word}` : word
    const found = this.#scanner.describeNext()
    throw this.#error(
      this.#scanner.atEnd()
        ? `An operator is missing after ${attribute.join('.')}`
        : `Expected an operator after ${attribute.join('.')}${negated ? ' not' : ''}, found ${found}; there are ${operatorList}`,
    )
  }

  #value(after: string, inList: boolean): Value {
    this.#values += 1
    if (this.#values > limits.values) throw this.#error(`Too many values, at most ${limits.values}`)
    const { column } = this.#scanner
    const quoted = this.#scanner.takeQuoted()
    if (quoted !== undefined) return { text: quoted, column }
    // `status= AND code=x` misses a value; whoever means the word puts it in quotes.
    const word = this.#scanner.peekWord()
    const text = word === 'and' || word === 'or' ? undefined : this.#scanner.takeBare(inList)
    if (text !== undefined) return { text, column }
    throw this.#error(`Expected a value after ${after}, found ${this.#scanner.describeNext()}`)
  }

  #list(operator: string): readonly Value[] {
    const { column, text } = this.#scanner
    if (this.#scanner.take('(')) {
      const values = this.#commaSeparated(operator)
      if (this.#scanner.take(')')) return values
      throw this.#scanner.atEnd()
        ? queryError('The list is never closed', column)
        : this.#error(`Expected "," or ")" in the list, found ${this.#scanner.describeNext()}`)
    }
    const quoted = /["']/.test(text.charAt(column - 1))
    const values = this.#commaSeparated(operator)
    const [only] = values
    return quoted && values.length === 1 && only !== undefined ? this.#split(only) : values
  }

  #commaSeparated(operator: string): Value[] {
    const values = [this.#value(operator, true)]
    while (this.#scanner.take(',')) values.push(this.#value('the comma', true))
    return values
  }

  #split(whole: Value): readonly Value[] {
    const values: Value[] = []
    let at = whole.column + 1
    for (const piece of whole.text.split(',')) {
      const text = piece.trim()
      const column = at + piece.length - piece.trimStart().length
      if (text === '' && whole.text !== '') throw queryError('A value of the list is empty', column)
      values.push({ text, column })
      at += piece.length + 1
    }
    this.#values += values.length
    if (this.#values > limits.values)
      throw queryError(`Too many values, at most ${limits.values}`, whole.column)
    return values
  }

  #error(message: string): WaybillError {
    return queryError(message, this.#scanner.column)
  }
}
