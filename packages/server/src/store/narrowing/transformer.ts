import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type ColumnUpdateNode,
  type CommonTableExpressionNode,
  type DeleteQueryNode,
  IdentifierNode,
  type InsertQueryNode,
  JoinNode,
  type MergeQueryNode,
  OnNode,
  type OperationNode,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  type QueryId,
  type RawNode,
  ReferenceNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueNode,
  WhereNode,
} from 'kysely'
import { scopeInsert } from './insert.js'
import { isTable, scopeColumn } from './tables.js'

/**
 * Words that would name a table or change one behind the transformer's back. `is distinct from` is fine.
 */
const RAW_TABLE_WORDS =
  /(?<!\bdistinct\s+)\b(from|join|into|update|delete|insert|replace\s+into|truncate|alter|drop|create|attach|copy|table)\b/i

/** Node kinds in which a table's name says where a column is from, and reads nothing. */
const MENTIONS = new Set(['ReferenceNode', 'SelectModifierNode'])

/**
 * Rewrites a query's tree for one workspace.
 *
 * Every table that a query reads or changes (from, join, using, update, insert into, at any depth) gets a
 * condition on the workspace: in the query's WHERE, or in the ON of the join that brings it, so that an outer
 * join stays one. A table that turns up anywhere else is refused, and so are statements that cannot be
 * narrowed: schema changes, MERGE, REPLACE, right and full joins of tables, raw SQL that names tables.
 */
export class WorkspaceTransformer extends OperationNodeTransformer {
  readonly #workspace: string
  /** Table names that a clause has narrowed already. */
  readonly #narrowed = new WeakSet<TableNode>()
  readonly #expressions = new Set<string>()

  constructor(workspace: string) {
    super()
    this.#workspace = workspace
  }

  protected override transformNodeImpl<T extends OperationNode>(node: T, queryId?: QueryId): T {
    if (REFUSED.has(node.kind)) throw new Error(`A workspace's store runs no ${node.kind}`)
    return super.transformNodeImpl(node, queryId)
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    this.#learn(node)
    const conditions = this.#narrow(node.from?.froms)
    const joins = this.#joins(node.joins, conditions)
    return super.transformSelectQuery({ ...node, ...joins, ...where(node, conditions) }, queryId)
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    this.#learn(node)
    const conditions = [...this.#narrow([node.table]), ...this.#narrow(node.from?.froms)]
    const joins = this.#joins(node.joins, conditions)
    this.#checkUpdates(node.updates, tableName(node.table))
    return super.transformUpdateQuery({ ...node, ...joins, ...where(node, conditions) }, queryId)
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    this.#learn(node)
    refuseOwnRow(node.from.froms.map(tableName))
    const conditions = [...this.#narrow(node.from.froms), ...this.#narrow(node.using?.tables)]
    const joins = this.#joins(node.joins, conditions)
    return super.transformDeleteQuery({ ...node, ...joins, ...where(node, conditions) }, queryId)
  }

  protected override transformInsertQuery(node: InsertQueryNode, queryId?: QueryId): InsertQueryNode {
    this.#learn(node)
    refuseOwnRow([tableName(node.into)])
    const conditions = this.#narrow([node.into])
    this.#checkUpdates(node.onConflict?.updates, tableName(node.into))
    return super.transformInsertQuery(scopeInsert(node, this.#workspace, conditions), queryId)
  }

  protected override transformTable(node: TableNode, queryId?: QueryId): TableNode {
    // The stack ends with the node itself.
    const parent = this.nodeStack.at(-2)
    if (!this.#narrowed.has(node) && !MENTIONS.has(parent?.kind ?? '')) {
      throw new Error(
        `Table "${node.table.identifier.name}" stands where it cannot be narrowed to a workspace`,
      )
    }
    return super.transformTable(node, queryId)
  }

  protected override transformRaw(node: RawNode, queryId?: QueryId): RawNode {
    for (const fragment of node.sqlFragments) {
      const word = RAW_TABLE_WORDS.exec(fragment)?.[1]
      if (word !== undefined) throw new Error(`Raw SQL with "${word}" cannot be narrowed to a workspace`)
    }
    return super.transformRaw(node, queryId)
  }

  protected override transformCommonTableExpression(
    node: CommonTableExpressionNode,
    queryId?: QueryId,
  ): CommonTableExpressionNode {
    // The name that the expression gets is no table.
    this.#narrowed.add(node.name.table)
    return super.transformCommonTableExpression(node, queryId)
  }

  /** Names of common table expressions; one that hides a table would take its condition from it. */
  #learn(node: { readonly with?: SelectQueryNode['with'] }): void {
    for (const { name } of node.with?.expressions ?? []) {
      const called = name.table.table.identifier.name
      if (isTable(called)) throw new Error(`A common table expression hides the table "${called}"`)
      this.#expressions.add(called)
    }
  }

  /** The conditions that narrow these sources; sources that are no tables narrow themselves. */
  #narrow(sources: readonly (OperationNode | undefined)[] = []): OperationNode[] {
    return sources.flatMap((source) => {
      const table = tableOf(source)
      if (table === undefined) return []
      const { schema, identifier } = table.table
      if (schema !== undefined) throw new Error('A workspace has no schema but its own')
      this.#narrowed.add(table)
      const column = scopeColumn(identifier.name)
      if (column === undefined) {
        if (this.#expressions.has(identifier.name)) return []
        throw new Error(`Unknown table "${identifier.name}"`)
      }
      return [equals(nameOf(source, identifier.name), column, this.#workspace)]
    })
  }

  /** The joins with their conditions; those of joins that have no ON are added to `conditions`. */
  #joins(
    joins: readonly JoinNode[] | undefined,
    conditions: OperationNode[],
  ): { readonly joins?: readonly JoinNode[] } {
    if (joins === undefined) return {}
    return {
      joins: joins.map((join) => {
        const [condition] = this.#narrow([join.table])
        if (join.joinType === 'RightJoin' || join.joinType === 'FullJoin') {
          throw new Error(`A ${join.joinType} cannot be narrowed to a workspace`)
        }
        if (condition === undefined) return join
        if (join.on !== undefined) {
          return { ...join, on: OnNode.create(AndNode.create(condition, ParensNode.create(join.on.on))) }
        }
        if (join.joinType === 'LeftJoin') return JoinNode.cloneWithOn(join, condition)
        conditions.push(condition)
        return join
      }),
    }
  }

  #checkUpdates(updates: readonly ColumnUpdateNode[] = [], table: string | undefined): void {
    const fixed = table === undefined ? undefined : scopeColumn(table)
    for (const { column } of updates) {
      const name = columnName(column)
      if (name === undefined || name === fixed) throw new Error('No row changes its workspace')
    }
  }
}

const REFUSED = new Set([
  'MergeQueryNode' satisfies MergeQueryNode['kind'],
  'AlterTableNode',
  'CreateIndexNode',
  'CreateSchemaNode',
  'CreateTableNode',
  'CreateTypeNode',
  'CreateViewNode',
  'RefreshMaterializedViewNode',
  'DropIndexNode',
  'DropSchemaNode',
  'DropTableNode',
  'DropTypeNode',
  'DropViewNode',
])

function where(
  node: { readonly where?: WhereNode },
  conditions: readonly OperationNode[],
): { readonly where?: WhereNode } {
  const all = node.where === undefined ? conditions : [...conditions, ParensNode.create(node.where.where)]
  const [first, ...rest] = all
  if (first === undefined) return {}
  return { where: WhereNode.create(rest.reduce((left, right) => AndNode.create(left, right), first)) }
}

function equals(table: string, column: string, value: string): OperationNode {
  return BinaryOperationNode.create(
    ReferenceNode.create(ColumnNode.create(column), TableNode.create(table)),
    OperatorNode.create('='),
    ValueNode.create(value),
  )
}

function tableOf(source: OperationNode | undefined): TableNode | undefined {
  if (source === undefined) return undefined
  if (TableNode.is(source)) return source
  return AliasNode.is(source) && TableNode.is(source.node) ? source.node : undefined
}

function tableName(source: OperationNode | undefined): string | undefined {
  return tableOf(source)?.table.identifier.name
}

/** What the query calls the source. */
function nameOf(source: OperationNode | undefined, table: string): string {
  if (source === undefined || !AliasNode.is(source)) return table
  if (!IdentifierNode.is(source.alias)) throw new Error(`The alias of "${table}" must be a plain name`)
  return source.alias.name
}

function columnName(node: OperationNode): string | undefined {
  if (ReferenceNode.is(node)) return columnName(node.column)
  return ColumnNode.is(node) ? node.column.name : undefined
}

function refuseOwnRow(tables: readonly (string | undefined)[]): void {
  if (tables.includes('workspace')) throw new Error("A workspace's own row is neither made nor deleted here")
}
