import { agentTypes, joinPath, type Party, type PathNotation, parsePath, WaybillError } from '@waybill/api'
import type { ClientRow, Directory, SiteRow, UserRow } from '../../locations/directory.js'
import { findPlace, isCollection, isOnStorage } from '../../locations/share-place.js'
import type { End, Source, StoragePlace } from './end.js'
import { machineEnd, mirroredAtMachine, pendingEnd, type UserParty } from './on-machine.js'
import { collectionSources, storageEnd, storageTarget } from './on-storage.js'

/** The party of a job that tasks are added to: what a path without a party means there. */
export interface JobParties {
  readonly source: Party | undefined
  readonly destination: Party | undefined
}

/** The storage of a site, where one server was named of that one alone; or the machines of a user. */
type Where = { readonly site: SiteRow; readonly server?: ClientRow } | UserParty

/**
 * Resolves where files come from: one source, or each file of a whole collection. Rights are checked here:
 * nobody sends what he may not read.
 */
export async function* resolveSources(
  directory: Directory,
  text: string,
  usual?: Party,
): AsyncGenerator<Source> {
  const { party, path } = parsePath(text, { workspace: directory.ctx.workspace.code })
  if (path === undefined) throw new WaybillError('bad_request', `Which file? "${text}" names no path to send`)
  const relative = party === undefined && path.kind === 'relative'
  const where = await whereIs(directory, party, path, usual)
  if (!('site' in where)) {
    yield { ...named(await machineEnd(directory, where, path, 'read'), path), relative }
    return
  }
  const place = await findPlace(directory, path, 'read', { whole: true })
  if (isCollection(place)) {
    for await (const source of collectionSources(directory, where.site, place, text)) {
      yield { ...onServer(source, where), relative }
    }
    return
  }
  yield { ...named(onServer(await storageEnd(directory, where.site, place), where), path), relative }
}

/**
 * Resolves where the files go. A path that ends in a slash is a directory to put the source into; no path mirrors
 * the source's, or, for a user who has not mapped it, leaves the choice to that user.
 */
export async function resolveDestination(
  directory: Directory,
  { destination: text, together }: { readonly destination: string | undefined; readonly together?: boolean },
  source: Source,
  usual?: Party,
): Promise<End> {
  const { workspace } = directory.ctx
  const { party, path } =
    text === undefined ? { party: usual, path: undefined } : parsePath(text, { workspace: workspace.code })
  if (path === undefined) {
    if (party === undefined) throw new WaybillError('bad_request', 'Say where to: the destination is missing')
    return await withoutPath(directory, await partyAt(directory, party), source)
  }
  if (party === undefined && path.kind === 'relative' && source.relative && usual === undefined) {
    const words = 'Source and destination are both relative paths: say at whom one of them is'
    throw new WaybillError('bad_request', `${words}, as in site=code:path or email:/path`)
  }
  const where = await whereIs(directory, party, path, usual)
  const target = targetOf(together === true ? { ...path, directory: true } : path, source)
  return 'site' in where
    ? onServer(await storageTarget(directory, where.site, target), where)
    : await machineEnd(directory, where, target, 'write')
}

/** What a path is on: its party, else what it means without one. */
async function whereIs(
  directory: Directory,
  party: Party | undefined,
  path: PathNotation,
  usual: Party | undefined,
): Promise<Where> {
  if (party !== undefined) return await partyAt(directory, party)
  // In a job of a site all paths are that site's; a machine's are only those that could not be storage's.
  const itsOwn = usual?.kind === 'site' || (path.kind === 'absolute' && usual?.kind !== 'workspace')
  if (usual !== undefined && itsOwn) return await partyAt(directory, usual)
  if (await isOnStorage(directory, path)) return { site: await directory.mainSite() }
  const { user: id, email: code } = directory.ctx.caller
  return await machinesOf(directory, { id, code })
}

async function partyAt(directory: Directory, party: Party): Promise<Where> {
  switch (party.kind) {
    case 'workspace':
      return { site: await directory.siteOfWorkspace(party.name) }
    case 'site':
      return { site: await directory.site(party.site) }
    case 'user':
      return await machinesOf(directory, await directory.user(party.user), party.host)
    case 'client': {
      const client = await directory.client(party.client)
      if (client.type === agentTypes.server)
        return { site: await directory.site(client.site), server: client }
      return { user: await directory.user(client.user), clients: [client], chosen: true }
    }
  }
}

async function machinesOf(directory: Directory, user: UserRow, host?: string): Promise<UserParty> {
  const first = await directory.clientOf(user, host)
  const [, ...others] = await directory.clientsOf(user, host)
  return { user, clients: [first, ...others], chosen: host !== undefined }
}

function onServer<E extends End>(end: E, where: { readonly server?: ClientRow }): E {
  if (where.server === undefined || end.client?.id === where.server.id) return end
  throw new WaybillError('bad_request', `Server ${where.server.code} does not serve that volume`)
}

/** Adds what becomes of the names of a source: frames keep theirs, and a whole volume has none of its own. */
function named(end: End, path: PathNotation): Omit<Source, 'relative'> {
  const nameless = path.sequence !== undefined || end.place?.below.length === 0
  return { ...end, sequence: path.sequence, into: nameless ? [] : [end.name], beneath: [] }
}

/** The target's own path. */
function targetOf(path: PathNotation, source: Source): PathNotation {
  const { sequence } = source
  if (sequence !== undefined && path.sequence !== undefined) {
    if (JSON.stringify(path.sequence) !== JSON.stringify(sequence)) {
      const words = 'The frames of a sequence keep their names and numbers: name the directory for them'
      throw new WaybillError('bad_request', `${words} as destination, ending in a slash`)
    }
    return directoryOf(path)
  }
  return joinPath(path, ...(path.directory ? source.into : source.beneath))
}

function directoryOf({ sequence: _, ...path }: PathNotation): PathNotation {
  return { ...path, names: path.names.slice(0, -1), directory: true }
}

/** The source's path at another place with the same volume; or a user who will choose. */
async function withoutPath(directory: Directory, where: Where, source: Source): Promise<End> {
  const place = await mirrorOf(directory, source)
  if (!('site' in where)) {
    const mirrored = place && (await mirroredAtMachine(directory, where, place))
    return mirrored ?? pendingEnd(where)
  }
  if (place === undefined) {
    const words = `${source.task.path ?? 'The source'} lies on no volume, so that its path cannot be mirrored`
    throw new WaybillError('bad_request', `${words}: name a destination path`)
  }
  const path: PathNotation = {
    kind: 'share',
    share: 'volume',
    code: place.volume.id,
    names: place.below,
    directory: false,
  }
  const end = await storageTarget(directory, where.site, path)
  return { ...onServer(end, where), mirrored: true }
}

/** The place on storage that a source is at, or is written as; of a sequence its directory. */
async function mirrorOf(directory: Directory, source: Source): Promise<StoragePlace | undefined> {
  const above =
    source.place === undefined && source.task.path !== undefined
      ? await directory.volumeAbove(source.task.path)
      : undefined
  const place = source.place ?? (above && { volume: above.share, below: above.names })
  if (place === undefined || source.sequence === undefined) return place
  return { ...place, below: place.below.slice(0, -1) }
}
