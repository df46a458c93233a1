import { type PathNotation, parsePath, WaybillError } from '@waybill/api'
import { segments } from '../../access/grants.js'
import type { CallContext } from '../../context.js'
import { Directory, type ShareRow } from '../../locations/directory.js'
import { findPlace, isCollection, isOnStorage } from '../../locations/share-place.js'
import type { Tx } from '../../store/store.js'
import { textOf } from '../engine/columns.js'
import type { Input } from '../operations.js'

/** Where a folder or home lies: its volume, and the path below that volume's root, `a/b`. */
export interface Placing {
  readonly volume: ShareRow
  readonly path: string
}

/** Look-ups within a transaction: its own rows are seen, and nothing waits for it. */
export function directoryIn(tx: Tx, ctx: CallContext): Directory {
  return new Directory({ ...ctx, store: { ...ctx.store, db: tx } })
}

/**
 * Where a new share is to lie: `path` beneath `parent` (a volume or a folder, by id or code; the default volume
 * when absent), or `path` alone as `volume=CODE/...` or as an absolute path beneath a volume. `fallback` stands
 * in for a path that is absent. Refused unless the caller may write there.
 */
export async function placeShare(
  tx: Tx,
  ctx: CallContext,
  kind: 'folder' | 'home',
  input: Input,
  fallback: string,
): Promise<Placing> {
  const directory = directoryIn(tx, ctx)
  const parent = await parentOf(directory, input.parent)
  const text = textOf(input, 'path').trim() || fallback
  if (text === '') throw new WaybillError('bad_request', `A ${kind} needs a path, or a name to make one from`)
  const path = await notationOf(directory, parent, text)
  const place = await findPlace(directory, path, 'write')
  if (isCollection(place) || place.share.kind === 'collection') {
    throw new WaybillError('bad_request', `A ${kind} lies on a volume; a collection holds files only`)
  }
  if (place.below.length === 0) {
    throw new WaybillError(
      'bad_request',
      `A ${kind} is a directory beneath a volume; share the volume ${place.volume.code} itself for all of it`,
    )
  }
  const above = parent === undefined ? undefined : await directory.volumeOf(parent)
  if (above !== undefined && above.id !== place.volume.id) {
    throw new WaybillError('bad_request', `${text} does not lie on ${above.code}; leave one of the two out`)
  }
  return { volume: place.volume, path: place.below.join('/') }
}

/** A share that is named as a parent: `volume:<id>`, `folder=code`, an id, or a code. */
async function parentOf(directory: Directory, value: unknown): Promise<ShareRow | undefined> {
  if (value === undefined || value === null || value === '') return undefined
  const text = typeof value === 'string' ? value : ''
  const [, kind = 'share', code = text] = /^(share|volume|folder|home)[:=](.*)$/is.exec(text) ?? []
  const share = await directory.share(kind.toLowerCase() as 'share' | 'volume' | 'folder' | 'home', code)
  if (share !== undefined && share.kind !== 'collection') return share
  throw new WaybillError('not_found', `There is no volume or folder ${JSON.stringify(value)}`)
}

async function notationOf(
  directory: Directory,
  parent: ShareRow | undefined,
  text: string,
): Promise<PathNotation> {
  const { party, path } = parsePath(text, { workspace: directory.ctx.workspace.code })
  if ((party !== undefined && party.kind !== 'workspace') || path === undefined) {
    throw new WaybillError('bad_request', `${text} is no path on the storage of this workspace`)
  }
  if (path.kind === 'share' || path.kind === 'home') return path
  if (path.kind === 'absolute') {
    if (await isOnStorage(directory, path)) return path
    // Scripts write paths beneath a volume with a slash in front, too; a drive is no such thing.
    if (path.root !== '/') throw new WaybillError('bad_request', `${text} lies on no volume`)
  }
  const top = parent?.id ?? (await directory.share('volume', '(default)'))?.id
  if (top === undefined) throw new WaybillError('not_found', 'There is no default volume; name a parent')
  return { kind: 'share', share: 'share', code: top, names: path.names, directory: path.directory }
}

/** The directories in a path, as shares keep them. */
export function normalPath(path: string): string {
  return (segments(path) ?? []).join('/')
}
