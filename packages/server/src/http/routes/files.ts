import { WaybillError } from '@waybill/api'
import { type Changing, makeDirectories, move, remove, rename } from '../../files/changes.js'
import { exists, getSize, type Looking, list } from '../../files/reading.js'
import { readPath, readPaths, readSelection } from '../../files/request.js'
import { Turns } from '../../files/turns.js'
import type { Answer, Call, Route } from './route.js'

/** Of all users of this process. */
const turns = new Turns()

/** Files on storage, and of the caller's own machines, through the agents that serve them. */
export const fileRoutes: readonly Route[] = [
  {
    method: 'GET',
    uri: 'workspace/file',
    about:
      'Lists a directory, counts its bytes or tells whether something is there: `op` `ls`, `getsize`, `exists`',
    answer:
      '`ls`: list of `{type, filename, size, modified}`, type 0 a directory and 1 a file, with `files` in ' +
      'recursive listings; `getsize`: a number; `exists`: a boolean. For a list of paths: list of `{path, result}`',
    example: { data: { op: 'ls', path: 'volume=storage/', recursive: true, maxdepth: 2, include: '*.mov' } },
    run: look,
  },
  {
    method: 'POST',
    uri: 'workspace/file',
    about:
      'Makes directories or deletes: `op` `mkdir`, `delete` (with `force` also directories that are not empty)',
    answer: '`true`',
    example: { data: { op: 'mkdir', path: 'volume=storage/new' } },
    run: async (call) => {
      const { fields } = call
      switch (opOf(call, ['mkdir', 'delete'])) {
        case 'mkdir':
          return { result: await makeDirectories(changing(call), readPaths(fields.raw('path'))) }
        case 'delete':
          return {
            result: await remove(changing(call), readPaths(fields.raw('path')), fields.isTrue('force')),
          }
      }
    },
  },
  {
    method: 'PUT',
    uri: 'workspace/file',
    about: 'Gives a file or directory another name or place on its volume: `op` `rename`, `move`',
    answer: '`true`',
    example: { data: { op: 'rename', path: 'volume=storage/new', path_to: 'volume=storage/newer' } },
    run: async (call) => {
      const { fields } = call
      const act = opOf(call, ['rename', 'move']) === 'rename' ? rename : move
      const from = readPath(fields.raw('path'), 'path')
      return { result: await act(changing(call), from, readPath(fields.raw('path_to'), 'path_to')) }
    },
  },
]

async function look(call: Call): Promise<Answer> {
  const { ctx, deps, fields, gone } = call
  const op = opOf(call, ['ls', 'getsize', 'exists'])
  const looking: Looking = { ctx, hub: deps.hub, turns, gone, asked: readPaths(fields.raw('path')) }
  switch (op) {
    case 'ls':
      return { text: list(looking, readSelection(fields)) }
    case 'getsize':
      return { result: await getSize(looking, readSelection(fields)) }
    case 'exists':
      return { result: await exists(looking) }
  }
}

function changing({ ctx, deps }: Call): Changing {
  return { ctx, hub: deps.hub, turns }
}

function opOf<T extends string>({ fields }: Call, known: readonly T[]): T {
  const given = fields.text('op') ?? ''
  const op = known.find((name) => name === given.toLowerCase())
  if (op !== undefined) return op
  throw new WaybillError('bad_request', `op has to be ${known.join(' or ')}, not ${JSON.stringify(given)}`)
}
