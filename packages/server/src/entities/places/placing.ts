import { type PathNotation, parsePath, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import { Directory, type ShareRow } from '../../locations/directory.js'
import { findPlace, isCollection, isOnStorage } from '../../locations/share-place.js'
import type { Tx } from '../../store/store.js'
import { rowsVisibleTo } from '../authority.js'
import { textOf } from '../engine/columns.js'
import { builder } from '../engine/find.js'
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
  const parent = await parentOf(tx, ctx, input.parent)
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
async function parentOf(tx: Tx, ctx: CallContext, value: unknown): Promise<ShareRow | undefined> {
  if (value === undefined || value === null || value === '') return undefined
  const share = await findVisibleShare(tx, ctx, value)
  if (share !== undefined && share.kind !== 'collection' && share.inactive === 0) return share
  throw new WaybillError('not_found', `There is no volume or folder ${JSON.stringify(value)}`)
}

/** By `share:<id>` or a like, an id or a code, in use or set aside, among the shares that the caller sees. */
export async function findVisibleShare(
  tx: Tx,
  ctx: CallContext,
  value: unknown,
): Promise<ShareRow | undefined> {
  const name =
    typeof value === 'string'
      ? value
          .trim()
          .replace(/^(share|volume|folder|home|collection)[:=]/i, '')
          .toLowerCase()
      : ''
  const visible = await rowsVisibleTo({ ...ctx, store: { ...ctx.store, db: tx } }, 'folder')
  let query = tx
    .selectFrom('share')
    .selectAll('share')
    .where((eb) => eb.or([eb('share.id', '=', name), eb('share.code', '=', name)]))
  if (visible !== undefined) query = query.where(visible(builder))
  return await query.executeTakeFirst()
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
  const { names, directory: ends } = path
  if (parent === undefined) return { kind: 'relative', names, directory: ends }
  return { kind: 'share', share: parent.kind, code: parent.code, names, directory: ends }
}
