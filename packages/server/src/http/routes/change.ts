import { isEntityId, WaybillError } from '@waybill/api'
import { selectAll, selectByIds } from '../../entities/engine/find.js'
import { isRecord } from '../../entities/engine/input.js'
import { type Answer, type Call, demandId, type Route } from './route.js'

export const changeRoutes: readonly Route[] = [
  {
    method: 'POST',
    uri: 'ENTITY/create',
    about:
      'Makes an entity from its attributes; tasks are added to the job of the id. `allow_duplicates: false` refuses jobs and tasks that exist already',
    answer: 'list of what was made; `{"success": true}` for tasks given as bare paths',
    example: { data: { code: 'example' } },
    run: create,
  },
  {
    method: 'PUT',
    uri: 'task/edit',
    about: 'Changes tasks of the job of the id, each named by its `id` or `uri`',
    answer: 'list of the changed tasks',
    example: { id: '$transfer', data: [{ uri: '0', status: 'onhold' }] },
    run: editTasks,
  },
  {
    method: 'PUT',
    uri: 'ENTITY/edit',
    about: 'Changes the attributes that are given, and no others',
    answer: 'list of the entity',
    example: { id: '$ENTITY', data: { metadata: { artist: 'malcolm' } } },
    run: edit,
  },
  {
    method: 'DELETE',
    uri: 'ENTITY/delete',
    about: 'Deletes an entity',
    answer: '`true`',
    example: { id: '$ENTITY', data: { force: false } },
    run: remove,
  },
  {
    method: 'DELETE',
    uri: 'ENTITY/deactivate',
    about: 'Sets a user or share aside, with its access',
    answer: '`true`',
    example: { id: '$ENTITY' },
    run: (call) => setAside(call, true),
  },
  {
    method: 'POST',
    uri: 'ENTITY/activate',
    about: 'Brings back what was set aside; `query` may hold its code in place of the id',
    answer: '`true`',
    example: { id: '$ENTITY' },
    run: (call) => setAside(call, false),
  },
]

async function create({ ctx, entities, type, id, data, fields }: Call): Promise<Answer> {
  const allowDuplicates = !fields.isFalse('allow_duplicates')
  // An option of the call, not an attribute.
  const attributes = isRecord(data)
    ? Object.fromEntries(Object.entries(data).filter(([name]) => name !== 'allow_duplicates'))
    : (data ?? {})
  const made = await entities.engine.create(ctx, type, { data: attributes, parent: id, allowDuplicates })
  return 'success' in made ? { body: { success: true } } : { result: made }
}

async function edit(call: Call): Promise<Answer> {
  const { ctx, entities, type, data } = call
  return { result: await entities.engine.edit(ctx, type, demandId(call), data) }
}

async function editTasks(call: Call): Promise<Answer> {
  const { ctx, entities, data, deps } = call
  if (!Array.isArray(data)) throw new WaybillError('bad_request', 'Tasks are changed by a list of objects')
  const items = entities.engine.checkTaskChanges(ctx, data)
  const job = demandId({ ...call, type: 'transfer' })
  await entities.engine.demandChange(ctx, 'transfer', job)
  const ids = await deps.jobs.task.updateMany(ctx, job, items)
  return { result: await selectByIds(ctx, 'task', ids) }
}

async function remove(call: Call): Promise<Answer> {
  const { ctx, entities, type, fields } = call
  const id = type === 'task' ? (call.id ?? '') : demandId(call)
  await entities.engine.remove(ctx, type, id, fields.isTrue('force'))
  return { result: true }
}

/** Sets a user or a share aside, or brings it back. */
async function setAside(call: Call, aside: boolean): Promise<Answer> {
  const { ctx, entities, type, deps } = call
  const set = asideOperation(entities, type)
  if (entities.engine.isNotYet(type)) {
    throw new WaybillError('not_available', `A ${type} is not available yet`)
  }
  if (set === undefined) throw new WaybillError('bad_request', `A ${type} cannot be set aside`)
  const id = aside ? demandId(call) : await idOrCode(call)
  await entities.engine.demand(ctx, type, id)
  await set(ctx, id, aside)
  deps.jobs.touched(ctx.workspace.id, { entitytype: type, id })
  return { result: true }
}

type SetAside = (ctx: Call['ctx'], id: string, aside: boolean) => Promise<void>

function asideOperation(entities: Call['entities'], type: Call['type']): SetAside | undefined {
  const { users, volumes, folders, homes, collections } = entities
  switch (type) {
    case 'user':
      return async (ctx, id, aside) => await (aside ? users.deactivate(ctx, id) : users.activate(ctx, id))
    case 'volume':
      return volumes.setInactive
    case 'folder':
      return folders.setInactive
    case 'home':
      return homes.setInactive
    case 'collection':
      return collections.setInactive
    default:
      return undefined
  }
}

/** What is set aside may be named by its code, in place of a query. */
async function idOrCode(call: Call): Promise<string> {
  const { ctx, type, id, query } = call
  if (id !== undefined) return id
  const name =
    query
      ?.trim()
      .replace(/^code\s*=\s*/i, '')
      .replace(/^["'](.*)["']$/, '$1') ?? ''
  const isId: boolean = isEntityId(name)
  if (isId || name === '') return demandId({ ...call, id: name })
  const [found] = await selectAll(ctx, type, {
    where: [(eb) => eb(type === 'user' ? 'user.code' : 'share.code', '=', name.toLowerCase())],
    attributes: ['id'],
    limit: 1,
  })
  if (typeof found?.id === 'string') return found.id
  throw new WaybillError('not_found', `There is no ${type} ${JSON.stringify(name)}`)
}
