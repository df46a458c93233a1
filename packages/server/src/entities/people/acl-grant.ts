import { checkName, maxPathLength, parsePath, WaybillError } from '@waybill/api'
import { type Grant, segments } from '../../access/grants.js'
import { loadRights, mayManage, mayWhole } from '../../access/rights.js'
import type { CallContext } from '../../context.js'
import { Directory, type ShareRow } from '../../locations/directory.js'
import { findPlace, isCollection } from '../../locations/share-place.js'
import type { Tx } from '../../store/store.js'
import { textOf } from '../engine/columns.js'
import type { Input } from '../operations.js'
import { findVisibleShare } from '../places/placing.js'

/** The share that an ACL is, or is to be, on: by `share:<id>`, an id or a code, among those that the caller sees. */
export async function readTarget(tx: Tx, ctx: CallContext, target: unknown): Promise<ShareRow> {
  const share = await findVisibleShare(tx, ctx, target)
  if (share === undefined) throw new WaybillError('not_found', `There is no share ${JSON.stringify(target)}`)
  if (share.inactive === 0) return share
  throw new WaybillError('conflict', `The ${share.kind} ${share.code} was set aside; activate it first`)
}

/** What is to be granted. Rights that are not mentioned: reading when neither is, else none. */
export async function readGrant(tx: Tx, ctx: CallContext, share: ShareRow, input: Input): Promise<Grant> {
  const write = input.write === true
  const read = input.read === undefined ? !write && input.write === undefined : input.read === true
  refuseNothing(read, write)
  return { path: await pathOn(tx, ctx, share, textOf(input, 'path')), read, write }
}

export function refuseNothing(read: boolean, write: boolean): void {
  if (read || write) return
  throw new WaybillError('bad_request', 'An ACL allows to read, to write, or both; delete it to take both')
}

/**
 * A path beneath a share, as ACLs keep it: `/a/b`. With or without a slash in front it is relative to the share;
 * it may also be written as other paths are (`volume=CODE/...`, `~/...`, `C:\...`), and then has to lie there.
 */
export async function pathOn(tx: Tx, ctx: CallContext, share: ShareRow, text: string): Promise<string> {
  const written = text.trim()
  const notation = /^([^/\\]*[=:]|~(\/|$)|\\\\)/.test(written)
  if (!notation) return slashed(segments(written.replaceAll('\\', '/')))
  const { party, path } = parsePath(written, { workspace: ctx.workspace.code })
  if (path === undefined || (party !== undefined && party.kind !== 'workspace')) {
    throw new WaybillError('bad_request', `${written} is no path on the storage of this workspace`)
  }
  const directory = new Directory(within(tx, ctx))
  const place = await findPlace(directory, path, 'see')
  const volume = await directory.volumeOf(share)
  const top = share.kind === 'volume' ? [] : (segments(share.path) ?? [])
  if (share.kind === 'collection') {
    if (isCollection(place) && place.collection.id === share.id) return '/'
    if (!isCollection(place) && place.share.id === share.id) return slashed(place.names)
  } else if (!isCollection(place) && place.volume.id === volume?.id) {
    const beneath = top.every((name, index) => place.below[index] === name)
    if (beneath) return slashed(place.below.slice(top.length))
  }
  throw new WaybillError('bad_request', `${written} does not lie beneath ${share.code}`)
}

function slashed(names: readonly string[] | undefined): string {
  if (names === undefined)
    throw new WaybillError('bad_request', 'The path of an ACL must not leave its target')
  for (const name of names) checkName(name)
  const path = `/${names.join('/')}`
  if (path.length <= maxPathLength) return path
  throw new WaybillError('bad_request', `A path of an ACL has at most ${maxPathLength} characters`)
}

/** Employees give, and take back, only what they may do themselves, on and beneath their volumes. */
export async function demandOwnRights(
  tx: Tx,
  ctx: CallContext,
  share: ShareRow,
  { path, read, write }: Grant,
): Promise<void> {
  const { caller } = ctx
  if (caller.role === 'admin') return
  const rights = await loadRights(tx, caller)
  const allowed =
    share.kind === 'collection'
      ? mayManage(rights, share.id)
      : (!read || mayWhole(rights, share, path, 'read')) && (!write || mayWhole(rights, share, path, 'write'))
  if (allowed) return
  const what = [read ? 'read' : '', write ? 'write' : ''].filter((word) => word !== '').join(' and ')
  throw new WaybillError(
    'forbidden',
    `To let others ${what} ${path} on ${share.code} you have to have the right yourself`,
  )
}

function within(tx: Tx, ctx: CallContext): CallContext {
  return { ...ctx, store: { ...ctx.store, db: tx } }
}
