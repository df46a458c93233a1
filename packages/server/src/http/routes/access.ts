import { findEntityType, parseQuery, WaybillError } from '@waybill/api'
import { readExpression } from '../../entities/engine/query.js'
import { widened } from '../../entities/people/acl-beneath.js'
import { type Answer, type Call, demandId, type Route } from './route.js'

export const accessRoutes: readonly Route[] = [
  {
    method: 'POST',
    uri: 'acl/create',
    about: 'Gives a user a path on a share, or adds another path to what was given before',
    answer: 'list of the ACL; `[true]` where a path was added to one that was there',
    example: { data: { entity: 'user:$user', target: 'share:$folder', path: '/film', read: true } },
    run: grant,
  },
  {
    method: 'GET',
    uri: 'acl/find',
    about:
      'Finds ACLs; the query is a whole one, entity type and WHERE included. With `recursive`, a target means what lies beneath it, too',
    answer: 'list of ACLs',
    example: { query: 'acl WHERE target=share:$volume' },
    run: find,
  },
  {
    method: 'DELETE',
    uri: 'acl/delete',
    about: 'Takes access back: all of an ACL, or one `path` of it',
    answer: '`true`',
    example: { id: '$acl', data: { path: '/film' } },
    run: revoke,
  },
]

/** Where another path was added to an ACL that was there, nothing new was made: the answer is `[true]`. */
async function grant({ ctx, entities, data }: Call): Promise<Answer> {
  const made = await entities.engine.create(ctx, 'acl', {
    data: data ?? {},
    parent: undefined,
    allowDuplicates: true,
  })
  return { result: 'success' in made || made.length === 0 ? [true] : made }
}

/** Here the query is a whole one, entity type and WHERE included. */
async function find({ ctx, entities, id, query, fields }: Call): Promise<Answer> {
  if (id !== undefined) {
    const found = await entities.engine.get(ctx, 'acl', id)
    return { result: found === undefined ? [] : [found] }
  }
  const whole = query === undefined || query.trim() === '' ? undefined : parseQuery(query)
  if (whole !== undefined && findEntityType(whole.entityType) !== 'acl') {
    throw new WaybillError(
      'unknown_entity',
      `A query for ACLs starts with "acl", not ${JSON.stringify(whole.entityType)}`,
    )
  }
  const tree = readExpression(whole?.expressionText)
  const recursive = tree !== undefined && fields.isTrue('recursive')
  const pages = await entities.engine.find(ctx, 'acl', {
    expression: recursive ? await widened(ctx, tree) : tree,
    populations: fields.isTrue('inactive') ? ['inactive'] : [],
    limit: fields.count('limit') === 0 ? undefined : fields.count('limit'),
    skip: fields.count('skip'),
    attributes: fields.names('attributes'),
  })
  return { pages }
}

async function revoke(call: Call): Promise<Answer> {
  const { ctx, entities, fields } = call
  const id = demandId({ ...call, type: 'acl' })
  const path = fields.text('path')
  if (path === undefined) {
    await entities.engine.remove(ctx, 'acl', id, false)
  } else {
    await entities.engine.demand(ctx, 'acl', id)
    await entities.acls.removePath(ctx, id, path)
  }
  return { result: true }
}
