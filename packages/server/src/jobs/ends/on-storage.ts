import { type PathNotation, WaybillError } from '@waybill/api'
import type { Directory, ShareRow, SiteRow } from '../../locations/directory.js'
import {
  type CollectionPlace,
  findPlace,
  isCollection,
  placeOfFile,
  type SharePlace,
} from '../../locations/share-place.js'
import { demandNames, type End, type Source, storageKey } from './end.js'

/** A place on storage as the server of a site serves it. */
export async function storageEnd(directory: Directory, site: SiteRow, place: SharePlace): Promise<End> {
  const { share, names, volume, below } = place
  const client = await directory.serverOf(volume, site)
  demandNames(client, below)
  const main = site.main === 1
  const named = share.id === volume.id ? {} : { s: share.id }
  return {
    party: main ? { type: 'workspace', id: directory.ctx.workspace.id } : { type: 'site', id: site.id },
    client,
    task: {
      client: client.id,
      path: names.join('/'),
      v: volume.id,
      ...named,
      ...(main ? {} : { site: site.id }),
    },
    key: storageKey(place),
    shares: share.id === volume.id ? [volume.id] : [share.id, volume.id],
    name: (share.kind === 'collection' ? names.at(-1) : below.at(-1)) ?? volume.code,
    place: { volume, below },
    mirrored: false,
  }
}

/** Where files are written on storage. Throws for what the caller may not write as a whole. */
export async function storageTarget(directory: Directory, site: SiteRow, path: PathNotation): Promise<End> {
  if (path.kind === 'share' && (await directory.share(path.share, path.code))?.kind === 'collection') {
    await findPlace(directory, { ...path, names: [], directory: true }, 'see')
    throw noTarget()
  }
  const place = await findPlace(directory, path, 'write', { whole: true })
  if (isCollection(place)) throw noTarget()
  return await storageEnd(directory, site, place)
}

function noTarget(): WaybillError {
  const words = 'A collection only gathers files of other shares: name the folder or volume to write to'
  return new WaybillError('bad_request', words)
}

/** The files of a whole collection, each a source of its own; a destination that ends in a slash gets its code. */
export async function* collectionSources(
  directory: Directory,
  site: SiteRow,
  { collection }: CollectionPlace,
  text: string,
): AsyncGenerator<Omit<Source, 'relative'>> {
  let any = false
  for await (const page of directory.collectionFiles(collection)) {
    for (const file of page) {
      const place = await placeOfFile(directory, collection, file, [], text)
      if (place === undefined) throw outOfUse(collection, file.name)
      any = true
      const end = await storageEnd(directory, site, place)
      const names = [file.name]
      yield { ...end, sequence: undefined, into: [collection.code, ...names], beneath: names }
    }
  }
  if (!any) throw new WaybillError('bad_request', `There is no file in the collection ${collection.code}`)
}

function outOfUse({ code }: ShareRow, name: string): WaybillError {
  return new WaybillError(
    'conflict',
    `${name} in the collection ${code} lies on a volume that is out of use: remove it there`,
  )
}
