import { findEntityType, parseQuery, WaybillError } from '@waybill/api'
import type { Answer, Call, Route } from './route.js'

export const accessRoutes: readonly Route[] = [
  {
    method: 'POST',
    uri: 'acl/create',
    about: 'Gives a user a path on a share, or adds another path to what was given before',
    answer: 'list of the ACL; `[true]` where a path was added to one that was there',
    example: { data: { entity: 'user:$user', target: 'share:$volume', path: '/film', read: true } },
    run: grant,
  },
  {
    method: 'GET',
    uri: 'acl/find',
    about: 'Finds ACLs; the query is a whole one, entity type and WHERE included',
    answer: 'list of ACLs',
    example: { query: 'acl WHERE target=share:$volume' },
    run: find,
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
  const pages = await entities.engine.find(ctx, 'acl', {
    query: whole?.expressionText,
    populations: fields.isTrue('inactive') ? ['inactive'] : [],
    limit: fields.count('limit') === 0 ? undefined : fields.count('limit'),
    skip: fields.count('skip'),
    attributes: fields.names('attributes'),
  })
  return { pages }
}
