import {
  type Access,
  allows,
  allowsWhole,
  isVisible,
  type PathNotation,
  printNotation,
  type Scope,
  WaybillError,
} from '@waybill/api'
import { segments } from '../access/grants.js'
import { scopeOf } from '../access/rights.js'
import type { CollectionFile, Directory, ShareRow } from './directory.js'

/** A place on the workspace's storage, however it was written. */
export interface SharePlace {
  /** The share that was named; for an absolute or relative path its volume. */
  readonly share: ShareRow
  /** Names below that share. */
  readonly names: readonly string[]
  /** The volume that it lies on, and the names below the volume's root. */
  readonly volume: ShareRow
  readonly below: readonly string[]
  /** How it is written with the share that was named: `folder=code/names`. */
  readonly text: string
}

/** A whole collection: it lies nowhere, only its files do. */
export interface CollectionPlace {
  readonly collection: ShareRow
}

/**
 * Finds the place of a path on the workspace's storage and checks that the caller may `access` it: with `whole`
 * also everything beneath. Who may not even see it gets the same `not_found` as for what is not there. Absolute
 * paths that lie beneath no volume are `bad_request`: see `isOnStorage`.
 */
export async function findPlace(
  directory: Directory,
  path: PathNotation,
  access: Access | 'see',
  { whole = false }: { readonly whole?: boolean } = {},
): Promise<SharePlace | CollectionPlace> {
  const place = await locate(directory, path)
  if (place === undefined) throw noSuchPlace(path, access)
  await demand(directory, place, path, access, whole)
  return place
}

/** Whether a path is one of the workspace's storage when no party is named. */
export async function isOnStorage(directory: Directory, path: PathNotation): Promise<boolean> {
  return path.kind !== 'absolute' || (await directory.volumeAbove(printNotation(path))) !== undefined
}

export function isCollection(place: SharePlace | CollectionPlace): place is CollectionPlace {
  return 'collection' in place
}

/** The caller's rights in the tree that a place belongs to, and its names there. */
export async function scopeAround(
  directory: Directory,
  { share, names, volume, below }: Pick<SharePlace, 'share' | 'names' | 'volume' | 'below'>,
): Promise<{ readonly scope: Scope; readonly names: readonly string[] }> {
  const rights = await directory.rights()
  return share.kind === 'collection'
    ? { scope: scopeOf(rights, share.id), names }
    : { scope: scopeOf(rights, volume.id), names: below }
}

async function locate(
  directory: Directory,
  path: PathNotation,
): Promise<SharePlace | CollectionPlace | undefined> {
  const text = printNotation(path)
  switch (path.kind) {
    case 'share':
      if (path.share === 'delivery')
        throw new WaybillError('not_available', 'Deliveries are not available yet')
      return await withinShare(directory, await directory.share(path.share, path.code), path.names, text)
    case 'home':
      return await withinShare(directory, await directory.ownHome(), path.names, text)
    case 'relative':
      return await withinShare(directory, await directory.share('volume', '(default)'), path.names, text)
    case 'absolute': {
      const above = await directory.volumeAbove(text)
      if (above !== undefined) return await withinShare(directory, above.share, above.names, text)
      throw new WaybillError('bad_request', `${text} lies on no volume; name one as volume=CODE/...`)
    }
  }
}

async function withinShare(
  directory: Directory,
  share: ShareRow | undefined,
  names: readonly string[],
  text: string,
): Promise<SharePlace | CollectionPlace | undefined> {
  if (share === undefined) return undefined
  if (share.kind === 'collection') return await withinCollection(directory, share, names, text)
  const volume = await directory.volumeOf(share)
  if (volume === undefined) return undefined
  const start = share.kind === 'volume' ? [] : (segments(share.path) ?? [])
  return { share, names, volume, below: [...start, ...names], text }
}

async function withinCollection(
  directory: Directory,
  collection: ShareRow,
  names: readonly string[],
  text: string,
): Promise<SharePlace | CollectionPlace | undefined> {
  const [first, ...rest] = names
  if (first === undefined) return { collection }
  const file = await directory.collectionFile(collection, first)
  return file === undefined ? undefined : await placeOfFile(directory, collection, file, rest, text)
}

/** Where a collection's file lies, or what is beneath it when it is a directory. */
export async function placeOfFile(
  directory: Directory,
  collection: ShareRow,
  file: CollectionFile,
  rest: readonly string[],
  text: string,
): Promise<SharePlace | undefined> {
  const volume = await directory.share('volume', file.volume)
  if (volume === undefined) return undefined
  const below = [...(segments(file.path) ?? []), ...rest]
  return { share: collection, names: [file.name, ...rest], volume, below, text }
}

async function demand(
  directory: Directory,
  place: SharePlace | CollectionPlace,
  path: PathNotation,
  access: Access | 'see',
  whole: boolean,
): Promise<void> {
  const { scope, names } = isCollection(place)
    ? { scope: scopeOf(await directory.rights(), place.collection.id), names: [] }
    : await scopeAround(directory, place)
  if (access === 'see') {
    if (isVisible(scope, names) || allows(scope, names, 'write')) return
    throw noSuchPlace(path, access)
  }
  if (whole ? allowsWhole(scope, names, access) : allows(scope, names, access)) return
  if (allows(scope, names, access)) {
    const words = `${printNotation(path)} holds places that you may not ${access}; name what is beneath it instead`
    throw new WaybillError('forbidden', words)
  }
  // Whoever may not see it is not told that it is there.
  const other = access === 'write' ? 'read' : 'write'
  if (allows(scope, names, other) || isVisible(scope, names)) {
    throw new WaybillError('forbidden', `You may not ${access} ${printNotation(path)}`)
  }
  throw noSuchPlace(path, access)
}

/** The same words whether it is not there or not for the caller. */
function noSuchPlace(path: PathNotation, access: Access | 'see'): WaybillError {
  const words = `There is no "${printNotation(path)}" that you may ${access}`
  return new WaybillError('not_found', words)
}
