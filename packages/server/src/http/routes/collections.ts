import { WaybillError } from '@waybill/api'
import { selectAll } from '../../entities/engine/find.js'
import type { Condition } from '../../query/index.js'
import { type Answer, type Call, demandId, type Route } from './route.js'

/** Answers of changes are kept for callers that ask again, so they are not without bounds. */
const mostListed = 10_000

/** What is in a collection; its files are found as entities of the type `file`. */
export const collectionRoutes: readonly Route[] = [
  {
    method: 'POST',
    uri: 'file/add',
    about: 'Puts files and directories into a collection, by paths that the caller may read',
    answer: "list of the collection's files; of more than 10,000 the first",
    example: { id: '$collection', data: { files: ['volume=storage/film/take.mov'] } },
    run: add,
  },
  {
    method: 'DELETE',
    uri: 'collection/file/remove',
    about: 'Takes files out of a collection, by their ids; on the storage they stay',
    answer: '`true`',
    example: { id: '$collection', data: { files: [] } },
    run: remove,
  },
]

async function add(call: Call): Promise<Answer> {
  const { ctx, entities, fields } = call
  const id = await collectionOf(call)
  await entities.collections.addFiles(ctx, id, fields.raw('files'))
  const within: Condition = (eb) => eb('collection_file.collection', '=', id)
  return { result: await selectAll(ctx, 'file', { where: [within], limit: mostListed }) }
}

async function remove(call: Call): Promise<Answer> {
  const id = await collectionOf(call)
  const files = call.fields.names('files')
  if (files === undefined) throw new WaybillError('bad_request', 'Which files? Give their ids as files')
  await call.entities.collections.removeFiles(call.ctx, id, files)
  return { result: true }
}

async function collectionOf(call: Call): Promise<string> {
  const { ctx, entities, fields } = call
  const id = call.id ?? fields.text('parent') ?? demandId({ ...call, type: 'collection' })
  await entities.engine.demand(ctx, 'collection', id)
  return id
}
