import {
  AliasNode,
  AndNode,
  ColumnNode,
  IdentifierNode,
  type InsertQueryNode,
  type OnConflictNode,
  type OperationNode,
  ParensNode,
  PrimitiveValueListNode,
  SelectionNode,
  SelectQueryNode,
  ValueListNode,
  ValueNode,
  type ValuesItemNode,
  ValuesNode,
  WhereNode,
} from 'kysely'

/**
 * An insert whose rows all get the workspace's id; one that names another workspace is refused. A row that
 * an upsert finds is changed only where `conditions` say that it is the workspace's own.
 */
export function scopeInsert(
  node: InsertQueryNode,
  workspace: string,
  conditions: readonly OperationNode[],
): InsertQueryNode {
  if (node.replace === true || node.orAction !== undefined) {
    throw new Error('An insert that replaces or ignores cannot be narrowed; use onConflict')
  }
  if (node.onDuplicateKey !== undefined || node.defaultValues === true || node.columns === undefined) {
    throw new Error('An insert into a workspace names its columns')
  }
  const upsert = node.onConflict === undefined ? {} : { onConflict: scopeUpsert(node.onConflict, conditions) }
  const { values } = node
  if (values === undefined) throw new Error('An insert into a workspace has values')
  const at = node.columns.findIndex(({ column }) => column.name === 'workspace')
  if (at !== -1) {
    checkRows(values, at, workspace)
    return { ...node, ...upsert }
  }
  return {
    ...node,
    ...upsert,
    columns: [...node.columns, ColumnNode.create('workspace')],
    values: withWorkspace(values, workspace),
  }
}

function scopeUpsert(node: OnConflictNode, conditions: readonly OperationNode[]): OnConflictNode {
  if (node.doNothing === true) return node
  const own = node.updateWhere === undefined ? [] : [ParensNode.create(node.updateWhere.where)]
  const [first, ...rest] = [...conditions, ...own]
  if (first === undefined) return node
  const updateWhere = WhereNode.create(rest.reduce((left, right) => AndNode.create(left, right), first))
  return { ...node, updateWhere }
}

function checkRows(values: OperationNode, at: number, workspace: string): void {
  const rows = ValuesNode.is(values) ? values.values : undefined
  for (const row of rows ?? [undefined]) {
    if (row === undefined || valueAt(row, at) !== workspace) {
      throw new Error('An insert names another workspace, or one that cannot be checked: leave it out')
    }
  }
}

function valueAt(row: ValuesItemNode, at: number): unknown {
  if (PrimitiveValueListNode.is(row)) return row.values[at]
  const value = row.values[at]
  return value !== undefined && ValueNode.is(value) ? value.value : undefined
}

function withWorkspace(values: OperationNode, workspace: string): OperationNode {
  if (ValuesNode.is(values)) {
    return ValuesNode.create(
      values.values.map((row) =>
        PrimitiveValueListNode.is(row)
          ? PrimitiveValueListNode.create([...row.values, workspace])
          : ValueListNode.create([...row.values, ValueNode.create(workspace)]),
      ),
    )
  }
  if (!SelectQueryNode.is(values) || values.setOperations !== undefined) {
    throw new Error('An insert takes its rows from values or from one select')
  }
  return SelectQueryNode.cloneWithSelections(values, [
    SelectionNode.create(AliasNode.create(ValueNode.create(workspace), IdentifierNode.create('workspace'))),
  ])
}
