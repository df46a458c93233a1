import { type Expression, type StringReference, sql } from 'kysely'
import type { AnyBuilder, AttributeBinding } from '../../query/binding.js'
import type { Schema } from '../../store/schema.js'
import type { Field } from './kind.js'

type Column = StringReference<Schema, keyof Schema>
type Sql = (eb: AnyBuilder) => Expression<unknown>
type ValueType = Extract<AttributeBinding, { kind: 'value' }>['type']
type ReferenceTable = Extract<AttributeBinding, { kind: 'reference' }>['table']

/** A column, or an expression, as fields are made from it. */
export type Source = Column | Sql

function expressionOf(source: Source): Sql {
  return typeof source === 'string' ? () => sql.ref(source) : source
}

function value(type: ValueType, source: Source): Field {
  return { binding: { kind: 'value', type, sql: expressionOf(source) } }
}

export const text = (source: Source): Field => value('text', source)
/** Text that is stored in lower case, such as ids and statuses: compared as it is. */
export const word = (source: Source): Field => ({
  binding: { kind: 'value', type: 'text', sql: expressionOf(source), lowerCase: true },
})
export const integer = (source: Source): Field => value('integer', source)
export const decimal = (source: Source): Field => value('number', source)
export const boolean = (source: Source): Field => value('boolean', source)
export const date = (source: Source): Field => value('date', source)
export const json = (source: Source): Field => ({ binding: { kind: 'json', sql: expressionOf(source) } })

/** A reference that is shown as the other entity's id. */
export function reference(table: ReferenceTable, types: readonly string[], source: Source): Field {
  return { binding: { kind: 'reference', sql: expressionOf(source), table, types } }
}

/** Bytes a second in the table, MB/s (1,000,000 bytes) on the wire; -1 when nothing runs. */
export function speed(source: Source): Field {
  const stored = expressionOf(source)
  return {
    binding: {
      kind: 'value',
      type: 'number',
      scale: 1_000_000,
      // So that speed=-1 finds what shows -1.
      sql: (eb) => sql`case when ${stored(eb)} < 0 then -1000000 else ${stored(eb)} end`,
    },
    show: stored,
    read: (bytes) => (Number(bytes) < 0 ? -1 : Math.round(Number(bytes) / 1000) / 1000),
  }
}

/**
 * A fraction of a whole in percent, rounded down. It is 100 only of what is `complete`: all bytes may be there,
 * but not every file.
 */
export function percent(part: Sql, whole: Sql, complete: Sql): Field {
  return integer(
    (eb) => sql`case
      when ${complete(eb)} then 100
      when ${whole(eb)} <= 0 then 0
      when ${part(eb)} >= ${whole(eb)} then 99
      else ${part(eb)} * 100 / ${whole(eb)} end`,
  )
}

/** Seconds as `H:MM:SS`; empty when there are none. */
export function duration(source: Source): Field {
  const seconds = expressionOf(source)
  // Cut to whole seconds first: the column may hold a fraction.
  const whole = (eb: AnyBuilder) => sql`cast(${seconds(eb)} as integer)`
  const two = (number: Expression<unknown>) =>
    sql`case when ${number} < 10 then '0' else '' end || cast(${number} as text)`
  return text(
    (eb) => sql`coalesce(cast(${whole(eb)} / 3600 as text) || ':' ||
      ${two(sql`(${whole(eb)} % 3600 / 60)`)} || ':' || ${two(sql`(${whole(eb)} % 60)`)}, '')`,
  )
}
