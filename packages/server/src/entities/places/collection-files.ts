import { newUuid, parsePath, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Directory } from '../../locations/directory.js'
import { findPlace, isCollection, type SharePlace } from '../../locations/share-place.js'
import type { Tx } from '../../store/store.js'
import { isRecord } from '../engine/input.js'
import { directoryIn } from './placing.js'

/** Most paths of one call; more go in by several. */
const mostPaths = 20_000
/** Rows of one insert: databases take only so many values. */
const atOnce = 500

/**
 * Puts paths into a collection: each must be readable by the caller, with all that lies beneath. What is in it
 * already stays as it is; a name that is taken gets a number: `take (2).mov`.
 */
export async function addFilesIn(
  tx: Tx,
  ctx: CallContext,
  collection: string,
  files: unknown,
): Promise<void> {
  const paths = readPaths(files)
  const directory = directoryIn(tx, ctx)
  const there = await tx
    .selectFrom('collection_file')
    .select(['volume', 'path', 'name'])
    .where('collection', '=', collection)
    .execute()
  const known = new Set(there.map(({ volume, path }) => `${volume}/${path}`))
  const names = new Set(there.map(({ name }) => inAnyCase(name)))
  const rows: NewFile[] = []
  for (const path of paths) {
    const place = await placeOf(directory, path)
    const below = place.below.join('/')
    if (known.has(`${place.volume.id}/${below}`)) continue
    known.add(`${place.volume.id}/${below}`)
    const name = freeName(names, place.below.at(-1) ?? '')
    names.add(inAnyCase(name))
    rows.push({ share: place.share.id, volume: place.volume.id, path: below, name })
  }
  const { workspace, caller, now } = ctx
  const made = { workspace: workspace.id, collection, created: now, creator: caller.email }
  for (let from = 0; from < rows.length; from += atOnce) {
    const some = rows.slice(from, from + atOnce).map((row) => ({ id: newUuid(), ...made, ...row }))
    await tx.insertInto('collection_file').values(some).execute()
  }
}

interface NewFile {
  readonly share: string
  readonly volume: string
  readonly path: string
  readonly name: string
}

/** A list of paths; a single one; or objects that have it as `path`. */
function readPaths(files: unknown): readonly string[] {
  if (files === undefined || files === null) return []
  const list: unknown[] = Array.isArray(files) ? files : [files]
  if (list.length > mostPaths) {
    throw new WaybillError('too_large', `At most ${mostPaths} files can be added at once`)
  }
  return list.map((item) => {
    const path = isRecord(item) ? item.path : item
    if (typeof path === 'string' && path.trim() !== '') return path
    throw new WaybillError('bad_request', 'files has to be a list of paths')
  })
}

async function placeOf(directory: Directory, text: string): Promise<SharePlace> {
  const { party, path } = parsePath(text, { workspace: directory.ctx.workspace.code })
  if (path === undefined || (party !== undefined && party.kind !== 'workspace')) {
    throw new WaybillError('bad_request', `${text} is no path on the storage of this workspace`)
  }
  if (path.kind === 'absolute') {
    const words = `${text} is an absolute path; what goes into a collection is written as volume=CODE/...`
    throw new WaybillError('bad_request', words)
  }
  const place = await findPlace(directory, path, 'read', { whole: true })
  if (!isCollection(place) && place.below.length > 0) return place
  throw new WaybillError('bad_request', `${text} is a whole share; put files or directories of it in`)
}

/** The name, or the first `name (2).ext`, `name (3).ext`, ... that is free, also where case does not count. */
function freeName(taken: ReadonlySet<string>, wanted: string): string {
  const dot = wanted.lastIndexOf('.')
  const [stem, end] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, '']
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${stem} (${number})${end}`
    if (!taken.has(inAnyCase(name))) return name
  }
}

const inAnyCase = (name: string) => name.normalize('NFKC').toLowerCase()
