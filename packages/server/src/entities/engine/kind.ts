import type { EntityType, Population } from '@waybill/api'
import type { Expression } from 'kysely'
import type { CallContext } from '../../context.js'
import type { AnyBuilder, AttributeBinding, Condition } from '../../query/binding.js'

/** How one attribute stands in the tables: what queries compare, and what answers show. */
export interface Field {
  /** What queries compare; without it the attribute cannot be part of a query. */
  readonly binding?: AttributeBinding
  /** What is selected to be shown; what is compared, when absent. */
  readonly show?: (eb: AnyBuilder) => Expression<unknown>
  /** Makes the wire's value out of what was selected; by the attribute's type when absent. */
  readonly read?: (value: unknown) => unknown
  /**
   * Finds the values of many entities at once, where one row of the entity's own does not hold it: by entity
   * id. Entities that are absent from the map show an empty list.
   */
  readonly lookup?: (ctx: CallContext, ids: readonly string[]) => Promise<ReadonlyMap<string, unknown>>
}

export type Table =
  | 'workspace'
  | 'user'
  | 'site'
  | 'client'
  | 'share'
  | 'collection_file'
  | 'acl'
  | 'job'
  | 'task'

/** Where the entities of one type are: its rows, its fields and its populations. */
export interface EntityKind {
  readonly type: EntityType
  readonly table: Table
  /** The column that gives the order, of creation mostly, and the cursor of a page. */
  readonly order: 'id' | 'seq' | 'name'
  /** Which rows of the table are of this type; all when absent. */
  readonly rows?: Condition
  /** Which rows make up each population; without any, everything is live. */
  readonly populations: Readonly<Partial<Record<Population, Condition>>>
  readonly fields: Readonly<Record<string, Field>>
}
