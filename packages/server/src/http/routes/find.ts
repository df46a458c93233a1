import {
  entities as definitions,
  findEntityType,
  isEntityId,
  type Operation,
  type Population,
  WaybillError,
} from '@waybill/api'
import type { Answer, Call, Route } from './route.js'

export const findRoutes: readonly Route[] = [
  {
    method: 'GET',
    uri: 'entitytypes',
    about: 'Names the entity types that the role sees',
    answer: 'list of names',
    example: {},
    run: ({ ctx, entities }) => Promise.resolve({ result: entities.engine.types(ctx.caller.role) }),
  },
  {
    method: 'GET',
    uri: 'attributes',
    about: 'Names the attributes that the role may read, give at creation (`create`) or change (`update`)',
    answer: 'list of names',
    example: { data: { entitytype: 'transfer', create: true } },
    run: attributes,
  },
  {
    method: 'GET',
    uri: 'ENTITY/find',
    about:
      'Finds entities by the expression after WHERE, or the one with the id in any state. `parent` is the job of tasks; `finished`, `inactive`, `archived` choose other populations than the live one; `single_entity_query` looks among finished jobs, too',
    answer: 'list of entities',
    example: { query: 'status=waiting', data: { limit: 50, skip: 0, attributes: ['id', 'status'] } },
    run: find,
  },
]

function attributes({ ctx, entities, fields }: Call): Promise<Answer> {
  const name = fields.text('entitytype') ?? ''
  const type = findEntityType(name)
  if (type === undefined || !definitions[type].visible.includes(ctx.caller.role)) {
    const types = entities.engine.types(ctx.caller.role).join(', ')
    throw new WaybillError(
      'unknown_entity',
      `There is no entity type ${JSON.stringify(name)}; there are ${types}`,
    )
  }
  const operation: Operation = fields.isTrue('create')
    ? 'create'
    : fields.isTrue('update')
      ? 'update'
      : 'read'
  return Promise.resolve({ result: entities.engine.attributes(ctx.caller.role, type, operation) })
}

async function find(call: Call): Promise<Answer> {
  const { ctx, entities, type, id, query, fields } = call
  const names = fields.names('attributes')
  const attributes = names === undefined || names.length === 0 ? undefined : names
  // The ids of tasks and files are UUIDs: any other id in the envelope of such a search is that of what they are in.
  const isParent = (type === 'task' || type === 'file') && isEntityId(id)
  if (id !== undefined && !isParent) {
    const found = await entities.engine.get(ctx, type, id, attributes)
    return { result: found === undefined ? [] : [found] }
  }
  const pages = await entities.engine.find(ctx, type, {
    query,
    parent: fields.text('parent') ?? id,
    populations: populationsOf(call),
    // No limit is what clients mean by 0.
    limit: fields.count('limit') === 0 ? undefined : fields.count('limit'),
    skip: fields.count('skip'),
    attributes,
    single: fields.isTrue('single_entity_query'),
  })
  return { pages }
}

function populationsOf({ fields }: Call): readonly Population[] {
  return (['finished', 'inactive', 'archived'] as const).filter((population) => fields.isTrue(population))
}
