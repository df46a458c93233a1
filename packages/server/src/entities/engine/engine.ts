import {
  attributeNames,
  type EntityType,
  type Expression,
  entities,
  type Operation,
  type Population,
  type Role,
  shownAttributes,
  WaybillError,
} from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Condition } from '../../query/binding.js'
import { changeableRows, demandDelete } from '../authority.js'
import { kindOf } from '../kinds.js'
import type { EntityOperations, Input } from '../operations.js'
import { inPopulations, selectAll, selectByIds, selectPages } from './find.js'
import { checkInput, isRecord } from './input.js'
import type { Json } from './present.js'
import { collectionOfFiles, compileExpression, jobOfTasks, readExpression } from './query.js'

export interface FindRequest {
  /** The expression after WHERE. */
  readonly query?: string | undefined
  /** The same, where it was read before. */
  readonly expression?: Expression | undefined
  /** The job, of tasks; the collection, of files. */
  readonly parent?: string | undefined
  /** Populations other than the live one. */
  readonly populations: readonly Population[]
  readonly limit?: number | undefined
  readonly skip?: number | undefined
  /** Names to be shown; everything that the role reads, when absent. */
  readonly attributes?: readonly string[] | undefined
  /** One entity: looked for among the live ones, and then, of jobs, among the finished ones. */
  readonly single?: boolean
}

export interface CreateRequest {
  readonly data: unknown
  readonly parent: string | undefined
  readonly allowDuplicates: boolean
}

/** Told after a change that jobs may depend on. */
export type Touched = (workspace: string, what: { readonly entitytype: string; readonly id: string }) => void

/**
 * Finds, creates, changes and removes entities of every type, driven by their definitions (packages/api), by
 * where they are stored (kinds) and by what they do (operations).
 */
export class EntityEngine {
  readonly #operations: Readonly<Partial<Record<EntityType, EntityOperations>>>
  readonly #touched: Touched

  constructor(operations: Readonly<Partial<Record<EntityType, EntityOperations>>>, touched: Touched) {
    this.#operations = operations
    this.#touched = touched
  }

  /** Types that a role sees. */
  types(role: Role): readonly EntityType[] {
    return Object.values(entities)
      .filter(({ visible }) => visible.includes(role))
      .map(({ type }) => type)
  }

  /** Types that are known, and kept a place for, but cannot be made yet. */
  isNotYet(type: EntityType): boolean {
    return notYet.has(type)
  }

  attributes(role: Role, type: EntityType, operation: Operation): readonly string[] {
    if (!entities[type].visible.includes(role)) return []
    // What an answer has that asks for nothing in particular.
    if (operation === 'read') return shownAttributes(entities[type], role)
    return attributeNames(entities[type], role, operation)
  }

  /** Entities that the caller may see, page by page. Errors in the request are thrown at once. */
  async find(
    ctx: CallContext,
    type: EntityType,
    request: FindRequest,
  ): Promise<AsyncIterable<readonly Json[]>> {
    const tree = request.expression ?? readExpression(request.query)
    const compiled = tree === undefined ? undefined : compileExpression(ctx, type, tree)
    const parent = withinParent(type, request.parent, tree)
    const among = (populations: readonly Population[]): readonly (Condition | undefined)[] => [
      parent,
      compiled,
      inPopulations(type, populations),
    ]
    const { attributes, limit, skip } = request
    const where = among(request.populations)
    if (request.single !== true) return selectPages(ctx, type, { where, attributes, limit, skip })
    const found = await selectAll(ctx, type, { where, attributes, limit: 1 })
    if (found.length > 0 || kindOf(type).populations.finished === undefined) return inOnePage(found)
    return inOnePage(await selectAll(ctx, type, { where: among(['finished']), attributes, limit: 1 }))
  }

  /** One entity in any state; undefined when there is none that the caller may see. */
  async get(
    ctx: CallContext,
    type: EntityType,
    id: string,
    attributes?: readonly string[],
  ): Promise<Json | undefined> {
    const [found] = await selectByIds(ctx, type, [id], attributes)
    return found
  }

  /** Refuses ids of nothing that the caller may see. */
  async demand(ctx: CallContext, type: EntityType, id: string): Promise<void> {
    const found = await this.get(ctx, type, id, ['id'])
    if (found === undefined)
      throw new WaybillError('not_found', `There is no ${type} with the id ${quoted(id)}`)
  }

  /** Refuses ids of what the caller sees, but has no part in. */
  async demandChange(ctx: CallContext, type: EntityType, id: string): Promise<void> {
    await this.demand(ctx, type, id)
    const condition = changeableRows(type, ctx.caller)
    if (condition === undefined) return
    const where: Condition = (eb) => eb(`${kindOf(type).table}.id`, '=', id)
    const [found] = await selectAll(ctx, type, { where: [where, condition], attributes: ['id'], limit: 1 })
    if (found === undefined)
      throw new WaybillError('forbidden', `You may look at this ${type}, not change it`)
  }

  /** Answers with what was made, or `success` where the call asks for no more. */
  async create(
    ctx: CallContext,
    type: EntityType,
    { data, parent, allowDuplicates }: CreateRequest,
  ): Promise<readonly Json[] | { readonly success: true }> {
    const operations = this.#operations[type]
    if (operations?.create === undefined) throw this.#cannot(type, 'created')
    this.#demandVisible(ctx, type)
    if (type === 'task') {
      if (parent === undefined) {
        throw new WaybillError('bad_request', 'Tasks are added to a job: give its id (entityid)')
      }
      await this.demandChange(ctx, 'transfer', parent)
    }
    // Tasks come in several forms, which only their own operation tells apart.
    const input =
      type === 'task' ? taskInput(data) : checkInput(entities[type], ctx.caller.role, 'create', data)
    const answer = await operations.create(ctx, input, { parent, allowDuplicates })
    if ('success' in answer) return answer
    for (const id of answer.ids) this.#tell(ctx, type, id)
    return await selectByIds(ctx, type, answer.ids)
  }

  /** Answers with the entity as it is after the change. */
  async edit(ctx: CallContext, type: EntityType, id: string, data: unknown): Promise<readonly Json[]> {
    const operations = this.#operations[type]
    if (operations?.update === undefined) throw this.#cannot(type, 'changed')
    await this.demandChange(ctx, type, id)
    const changes = checkInput(entities[type], ctx.caller.role, 'update', data)
    await operations.update(ctx, id, changes)
    this.#tell(ctx, type, id)
    return await selectByIds(ctx, type, [id])
  }

  /** Checks the changes of a group of tasks, each named by `id` or `uri`. */
  checkTaskChanges({ caller }: CallContext, items: readonly unknown[]): readonly Input[] {
    return items.map((item) => {
      if (!isRecord(item)) {
        throw new WaybillError('bad_request', 'Each change of a task has to be an object with its id or uri')
      }
      const { id, uri, ...changes } = item
      const named = { ...(id === undefined ? {} : { id }), ...(uri === undefined ? {} : { uri }) }
      return { ...named, ...checkInput(entities.task, caller.role, 'update', changes) }
    })
  }

  async remove(ctx: CallContext, type: EntityType, id: string, force: boolean): Promise<void> {
    const operations = this.#operations[type]
    if (notYet.has(type)) throw this.#cannot(type, 'deleted')
    demandDelete(type, ctx.caller)
    if (operations?.remove === undefined) throw this.#cannot(type, 'deleted')
    await this.demand(ctx, type, id)
    await operations.remove(ctx, id, { force })
    this.#tell(ctx, type, id)
  }

  #demandVisible({ caller }: CallContext, type: EntityType): void {
    if (entities[type].visible.includes(caller.role)) return
    throw new WaybillError('forbidden', `The role ${caller.role} has nothing to do with a ${type}`)
  }

  /** Jobs, tasks and queues are looked at by their own operations. */
  #tell({ workspace }: CallContext, type: EntityType, id: string): void {
    if (type === 'transfer' || type === 'task' || type === 'queue') return
    const entitytype = kindOf(type).table === 'client' ? 'client' : type
    this.#touched(workspace.id, { entitytype, id })
  }

  #cannot(type: EntityType, done: string): WaybillError {
    if (notYet.has(type)) return new WaybillError('not_available', `A ${type} is not available yet`)
    return new WaybillError('forbidden', `A ${type} cannot be ${done} through the API`)
  }
}

const notYet: ReadonlySet<EntityType> = new Set(['delivery', 'request', 'stream'])

/** Tasks are found within one job, files within one collection. */
function withinParent(
  type: EntityType,
  parent: string | undefined,
  tree: Expression | undefined,
): Condition | undefined {
  if (type === 'file') {
    const collection = collectionOfFiles(parent, tree)
    return (eb) => eb('collection_file.collection', '=', collection)
  }
  if (type !== 'task') return undefined
  const job = jobOfTasks(parent, tree)
  return (eb) => eb('task.job', '=', job)
}

async function* inOnePage(entities: readonly Json[]): AsyncGenerator<readonly Json[], void> {
  if (entities.length > 0) yield await Promise.resolve(entities)
}

/** What a call that adds tasks may carry besides them: both ends of those that are given as bare paths. */
const besideTasks = ['tasks', 'source', 'destination']

/** A list of tasks, one task, or either under `tasks`; the rest is for the operation to read. */
function taskInput(data: unknown): Input {
  if (Array.isArray(data)) return { tasks: data }
  if (!isRecord(data))
    throw new WaybillError('bad_request', 'The tasks to add have to be given under "tasks"')
  if (!Object.hasOwn(data, 'tasks')) {
    if (Object.hasOwn(data, 'source')) return { tasks: data }
    throw new WaybillError('bad_request', 'Say which tasks to add, under "tasks"')
  }
  const unknown = Object.keys(data).find((name) => !besideTasks.includes(name))
  if (unknown === undefined) return data
  throw new WaybillError(
    'unknown_attribute',
    `"${unknown}" cannot be given when tasks are added; put it into each task`,
  )
}

function quoted(id: string): string {
  return JSON.stringify(id.slice(0, 100))
}
