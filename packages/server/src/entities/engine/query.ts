import {
  attributeNames,
  type EntityType,
  type Expression,
  entities,
  parseExpression,
  requiredValue,
  WaybillError,
} from '@waybill/api'
import type { CallContext } from '../../context.js'
import { type AttributeBinding, type Condition, compile } from '../../query/index.js'
import { kindOf } from '../kinds.js'

/** Reads the expression of a find; undefined when there is none. */
export function readExpression(text: string | undefined): Expression | undefined {
  return text === undefined || text.trim() === '' ? undefined : parseExpression(text)
}

/** An expression as a condition, with the attributes that the caller's role reads. */
export function compileExpression(ctx: CallContext, type: EntityType, tree: Expression): Condition {
  const { table, fields } = kindOf(type)
  const attributes: Record<string, AttributeBinding> = {}
  for (const [name, { binding }] of Object.entries(fields))
    if (binding !== undefined) attributes[name] = binding
  return compile(
    tree,
    { table, attributes },
    {
      dialect: ctx.store.dialect,
      workspace: ctx.workspace,
      entityType: type,
      readable: attributeNames(entities[type], ctx.caller.role),
    },
  )
}

/** The job that a search for tasks is about: `parent`, or what the query demands of `job.id` or `job`. */
export function jobOfTasks(parent: string | undefined, tree: Expression | undefined): string {
  const demanded =
    tree === undefined ? undefined : (requiredValue(tree, ['job', 'id']) ?? requiredValue(tree, ['job']))
  const job = parent ?? demanded?.text.replace(/^(transfer|job):/, '')
  if (job !== undefined) return job
  throw new WaybillError(
    'bad_request',
    'Tasks are found within a job: give its id as parent (entityid), or as job.id in the query',
  )
}

/** The collection that a search for files is about: `parent`, or what the query demands of it. */
export function collectionOfFiles(parent: string | undefined, tree: Expression | undefined): string {
  const demanded = tree === undefined ? undefined : requiredValue(tree, ['parent'])
  const collection = parent ?? demanded?.text.replace(/^(collection|share):/, '')
  if (collection !== undefined) return collection
  throw new WaybillError(
    'bad_request',
    'Files are found within a collection: give its id as parent (entityid), or as parent in the query',
  )
}
