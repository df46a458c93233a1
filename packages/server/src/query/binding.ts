import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Schema } from '../store/schema.js'

/**
 * How an entity's attributes stand in the tables: what the compiler needs to turn a query into SQL. One
 * binding per entity type, beside its operations in entities/. Columns are named with their table
 * (`eb.ref('job.name')`), since the compiler puts subselects around them.
 */
export type AttributeBinding =
  /**
   * A column (or, with `sql`, an expression) compared by its type. Enumerations and emails are `text`, dates
   * milliseconds, booleans 0 or 1.
   */
  | {
      readonly kind: 'value'
      readonly type: 'text' | 'integer' | 'number' | 'boolean' | 'date'
      readonly sql: (eb: AnyBuilder) => Expression<unknown>
      /** Applied to the number in the query, where the column's unit differs (MB/s shown, bytes stored). */
      readonly scale?: number
      /** The text is stored in lower case (ids, statuses, emails): it is compared as it is, by its index. */
      readonly lowerCase?: true
    }
  /** A reference: matches the other entity's id, its code (of jobs the name, too), or `<type>:<id>`. */
  | {
      readonly kind: 'reference'
      readonly sql: (eb: AnyBuilder) => Expression<unknown>
      readonly table: NamedTable
      /** Types that may stand before the colon. */
      readonly types: readonly string[]
    }
  /** A party: `<type>:<id>` in two columns. `hq`, the workspace's code and id name the workspace. */
  | {
      readonly kind: 'party'
      readonly typeColumn: (eb: AnyBuilder) => Expression<unknown>
      readonly idColumn: (eb: AnyBuilder) => Expression<unknown>
    }
  /** JSON text; a dotted attribute reaches into it. */
  | { readonly kind: 'json'; readonly sql: (eb: AnyBuilder) => Expression<unknown> }

/** Tables whose rows have an id, a code and a name. */
export type NamedTable = 'user' | 'site' | 'client' | 'share' | 'job'

/** Builders differ by the tables in scope; bindings name their columns themselves. */
export type AnyBuilder = ExpressionBuilder<Schema, keyof Schema>

export interface EntityBinding {
  readonly table: keyof Schema
  readonly attributes: Readonly<Record<string, AttributeBinding>>
}

/** What the compiler must know of the caller and the caller's workspace. */
export interface CompileContext {
  readonly dialect: 'sqlite' | 'postgres'
  readonly workspace: { readonly id: string; readonly code: string }
  /** The entity type's name, for messages. */
  readonly entityType?: string
  /** Attributes that the caller may read; any other is unknown. All that are bound when absent. */
  readonly readable?: readonly string[]
}

export type Condition = (eb: AnyBuilder) => Expression<SqlBool>
