import {
  type Comparison,
  checkOperator,
  type OperandKind,
  queryError,
  splitOperator,
  type Expression as Tree,
  WaybillError,
} from '@waybill/api'
import { expressionBuilder } from 'kysely'
import type { Schema } from '../store/schema.js'
import type { AnyBuilder, AttributeBinding, CompileContext, Condition, EntityBinding } from './binding.js'
import { newBudget } from './budget.js'
import { compileJson } from './json.js'
import { join, notTrue, type Test } from './logic.js'
import { compileParty } from './parties.js'
import { compileReference, selectPart } from './references.js'
import { closest } from './suggest.js'
import { type TextSql, textSql } from './text-sql.js'
import { compileValue } from './values.js'

/**
 * Turns an expression into a condition with parameters, for the WHERE of a query on the binding's table. The
 * meaning is that of `evaluate` in @waybill/api: an absent value satisfies only the negative operators. The
 * condition may be null instead of false, as WHERE takes it.
 *
 * @throws WaybillError `unknown_attribute` for one that is not bound or that the caller may not read;
 *   `bad_query` for an operator or value that does not suit the attribute, and for a bad regular expression;
 *   both with the column
 */
export function compile(tree: Tree, binding: EntityBinding, context: CompileContext): Condition {
  const budget = newBudget()
  const compiler = new Compiler(binding, context, textSql(context, budget), budget)
  const condition = compiler.compile(tree, false)
  return () => condition
}

const builder: AnyBuilder = expressionBuilder<Schema, keyof Schema>()

class Compiler {
  readonly #binding: EntityBinding
  readonly #context: CompileContext
  readonly #text: TextSql
  readonly #budget: number

  constructor(binding: EntityBinding, context: CompileContext, text: TextSql, budget: number) {
    this.#binding = binding
    this.#context = context
    this.#text = text
    this.#budget = budget
  }

  /** NOT is carried down to the comparisons, so that each decides for itself what absence means. */
  compile(tree: Tree, negated: boolean): Test {
    switch (tree.kind) {
      case 'not':
        return this.compile(tree.part, !negated)
      case 'and':
      case 'or': {
        const word = (tree.kind === 'and') === negated ? 'or' : 'and'
        return join(
          word,
          tree.parts.map((part) => this.compile(part, negated)),
        )
      }
      case 'comparison': {
        const test = this.#comparison(tree)
        return splitOperator(tree.operator).negated === negated ? test : notTrue(test)
      }
    }
  }

  #comparison(comparison: Comparison): Test {
    const [name = '', ...parts] = comparison.attribute
    const { attributes } = this.#binding
    const readable = this.#context.readable ?? Object.keys(attributes)
    if (!readable.includes(name)) throw this.#unknown(comparison, name, readable)
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (attribute === undefined) throw queryError(`${name} cannot be used in a query`, comparison.column)
    if (attribute.kind === 'json') return this.#json(comparison, attribute, parts)
    if (attribute.kind === 'reference' && parts.length === 1)
      return this.#part(comparison, attribute, parts[0] ?? '')
    if (parts.length > 0) throw this.#noPart(comparison, name)
    return this.#whole(comparison, attribute)
  }

  #whole(comparison: Comparison, attribute: Exclude<AttributeBinding, { kind: 'json' }>): Test {
    checkOperator(comparison, operandKind(attribute))
    switch (attribute.kind) {
      case 'value':
        return compileValue(comparison, attribute.sql(builder), attribute, this.#text, this.#context)
      case 'reference':
        return compileReference(comparison, attribute.sql(builder), attribute, this.#text)
      case 'party': {
        const type = attribute.typeColumn(builder)
        return compileParty(comparison, type, attribute.idColumn(builder), this.#text, this.#context)
      }
    }
  }

  #json(
    comparison: Comparison,
    attribute: Extract<AttributeBinding, { kind: 'json' }>,
    keys: readonly string[],
  ): Test {
    const name = comparison.attribute.join('.')
    if (keys.length === 0)
      throw queryError(`${name} is an object: say which key, as in ${name}.key=value`, comparison.column)
    checkOperator(comparison, 'json')
    return compileJson(comparison, attribute.sql(builder), keys, this.#text, this.#context, this.#budget)
  }

  /** `job.id`, `user.code`: a text of the entity referred to. */
  #part(
    comparison: Comparison,
    attribute: Extract<AttributeBinding, { kind: 'reference' }>,
    part: string,
  ): Test {
    const id = attribute.sql(builder)
    if (part !== 'id' && part !== 'code' && part !== 'name')
      throw this.#noPart(comparison, comparison.attribute[0] ?? '', '; there are id, code and name')
    checkOperator(comparison, 'text')
    const column = part === 'id' ? id : selectPart(attribute.table, part, id)
    const type = { type: 'text', ...(part === 'id' ? { lowerCase: true as const } : {}) } as const
    return compileValue(comparison, column, type, this.#text, this.#context)
  }

  #unknown({ attribute, column }: Comparison, name: string, readable: readonly string[]): WaybillError {
    const type = this.#context.entityType
    const guess = closest(name, readable)
    const hint = guess === undefined ? '' : `; did you mean ${guess}?`
    return new WaybillError(
      'unknown_attribute',
      `Unknown attribute ${attribute.join('.')}${type === undefined ? '' : ` of ${type}`}${hint} (at column ${column})`,
      { column },
    )
  }

  #noPart({ attribute, column }: Comparison, name: string, hint = ''): WaybillError {
    return new WaybillError(
      'unknown_attribute',
      `Unknown attribute ${attribute.join('.')}: ${name} has no such part${hint} (at column ${column})`,
      { column },
    )
  }
}

function operandKind(attribute: Exclude<AttributeBinding, { kind: 'json' }>): OperandKind {
  if (attribute.kind !== 'value') return 'names'
  return attribute.type === 'integer' ? 'number' : attribute.type
}
