import { WaybillError } from '@waybill/api'
import { putMapping, removeMapping } from '../../mappings/change-mappings.js'
import { listMappings } from '../../mappings/list-mappings.js'
import type { Answer, Call, Route } from './route.js'

/** Shares that users map to directories of their own machines. */
export const mappingRoutes: readonly Route[] = [
  {
    method: 'PUT',
    uri: 'client/mapping',
    about:
      'Maps a `share` to the directory `path` of an own machine (`client`: id or host name; the latest when absent); ' +
      'with `read` and `write` others may pull from it and push to it',
    answer: '`true`',
    example: { data: { share: 'folder=trailers', path: '/Users/lisa/trailers', read: true, write: true } },
    run: put,
  },
  {
    method: 'GET',
    uri: 'client/mappings',
    about: 'Lists the mapped shares on machines that one sees',
    answer: 'list of `{id, client, client_hr, user, user_hr, share, share_hr, path, read, write, ...}`',
    example: {},
    run: async ({ ctx }) => ({ result: await listMappings(ctx) }),
  },
  {
    method: 'DELETE',
    uri: 'client/mapping',
    about: 'Takes the mapping of a `share` on an own machine back; the files stay',
    answer: '`true`',
    example: { data: { share: 'folder=trailers' } },
    run: remove,
  },
]

async function put(call: Call): Promise<Answer> {
  const { ctx, deps, fields } = call
  const path = fields.text('path')
  if (path === undefined) throw new WaybillError('bad_request', 'To which directory? Give it as path')
  const id = await putMapping(ctx, deps.hub, {
    ...named(call),
    path,
    read: fields.isTrue('read'),
    write: fields.isTrue('write'),
  })
  deps.jobs.touched(ctx.workspace.id, { entitytype: 'client', id })
  return { result: true }
}

async function remove(call: Call): Promise<Answer> {
  const id = await removeMapping(call.ctx, named(call))
  call.deps.jobs.touched(call.ctx.workspace.id, { entitytype: 'client', id })
  return { result: true }
}

function named({ id, fields }: Call): { readonly client: string | undefined; readonly share: string } {
  const share = fields.text('share')
  if (share === undefined || share.trim() === '') throw new WaybillError('bad_request', 'Which share is it?')
  return { client: fields.text('client') ?? id, share }
}
