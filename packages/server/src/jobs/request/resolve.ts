import {
  agentTypes,
  baseName,
  joinPath,
  type Party,
  type PathNotation,
  parsePath,
  printNotation,
  WaybillError,
} from '@waybill/api'
import type { ClientRow, Directory, ShareRow, SiteRow, UserRow } from '../../locations/directory.js'
import { findPlace, isCollection, isOnStorage } from '../../locations/share-place.js'
import type { PartyType } from '../../store/schema.js'
import type { TaskParty } from '../task-party.js'

/** One end of a task: whose it is, on which machine, and where there. */
export interface End {
  readonly party: { readonly type: PartyType; readonly id: string }
  /** The machine; undefined until the receiver has chosen one. */
  readonly client: ClientRow | undefined
  readonly task: TaskParty
  readonly shares: readonly string[]
  /** The path that was named; undefined for a receiver who has to choose. */
  readonly path: PathNotation | undefined
  readonly mirrored: boolean
}

/** The party of a job that tasks are added to: what a path without a party means there. */
export interface JobParties {
  readonly source: Party | undefined
  readonly destination: Party | undefined
}

/** Resolves where the files come from. Rights are checked here: nobody sends what he may not read. */
export async function resolveSource(directory: Directory, text: string, usual?: Party): Promise<End> {
  const { party, path } = parsePath(text, { workspace: directory.ctx.workspace.code })
  if (path === undefined) throw new WaybillError('bad_request', `Which file? "${text}" names no path to send`)
  if (path.names.length === 0 && path.kind === 'absolute') {
    throw new WaybillError('bad_request', 'A whole machine cannot be sent; name a directory')
  }
  const end = await resolveEnd(directory, party ?? localParty(usual, path), path, 'read')
  return end
}

/**
 * Resolves where the files go. A path that ends in a slash is a directory to put the source into; no path mirrors
 * the source's, or, for a user, leaves the choice to that user.
 */
export async function resolveDestination(
  directory: Directory,
  text: string | undefined,
  source: End,
  usual?: Party,
): Promise<End> {
  const { workspace } = directory.ctx
  const parsed =
    text === undefined ? { party: usual, path: undefined } : parsePath(text, { workspace: workspace.code })
  const path = parsed.path
  if (path === undefined) {
    if (parsed.party === undefined)
      throw new WaybillError('bad_request', 'Say where to: the destination is missing')
    return await withoutPath(directory, parsed.party, source)
  }
  const party = parsed.party ?? localParty(usual, path)
  return await resolveEnd(directory, party, intoDirectory(path, source), 'write')
}

/** Paths of a machine belong to the job's machine, where the job has one. */
function localParty(usual: Party | undefined, path: PathNotation): Party | undefined {
  return path.kind === 'absolute' && usual !== undefined && usual.kind !== 'workspace' ? usual : undefined
}

async function resolveEnd(
  directory: Directory,
  party: Party | undefined,
  path: PathNotation,
  access: 'read' | 'write',
): Promise<End> {
  const { caller } = directory.ctx
  switch (party?.kind) {
    case 'site':
      return await onSite(directory, await directory.site(party.site), path, access)
    case 'user': {
      const user = await directory.user(party.user)
      return await onMachine(directory, user, await directory.clientOf(user, party.host), path)
    }
    case 'client': {
      const client = await directory.client(party.client)
      if (client.type === agentTypes.server) return await onServer(directory, client, path, access)
      return await onMachine(directory, await directory.user(client.user), client, path)
    }
    case 'workspace':
      return await onSite(directory, await directory.mainSite(), path, access)
    case undefined: {
      if (await isOnStorage(directory, path)) {
        return await onSite(directory, await directory.mainSite(), path, access)
      }
      const self = { id: caller.user, code: caller.email }
      return await onMachine(directory, self, await directory.clientOf(self), path)
    }
  }
}

async function onServer(
  directory: Directory,
  client: ClientRow,
  path: PathNotation,
  access: 'read' | 'write',
) {
  const end = await onSite(directory, await directory.site(client.site), path, access)
  if (end.client?.id === client.id) return end
  throw new WaybillError('bad_request', `Server ${client.code} does not serve that volume`)
}

async function onSite(
  directory: Directory,
  site: SiteRow,
  path: PathNotation,
  access: 'read' | 'write',
): Promise<End> {
  const place = await findPlace(directory, path, access, { whole: true })
  if (isCollection(place)) {
    throw new WaybillError('not_available', 'Transfers of a whole collection are not available yet')
  }
  const end = await placeOnSite(directory, site, place.volume, place.below.join('/'), path)
  if (place.share.id === place.volume.id) return end
  return { ...end, task: { ...end.task, s: place.share.id }, shares: [place.share.id, ...end.shares] }
}

async function placeOnSite(
  directory: Directory,
  site: SiteRow,
  share: ShareRow,
  relative: string,
  path: PathNotation,
): Promise<End> {
  const client = await directory.serverOf(share, site)
  const main = site.main === 1
  return {
    party: main ? { type: 'workspace', id: directory.ctx.workspace.id } : { type: 'site', id: site.id },
    client,
    task: { client: client.id, path: relative, v: share.id, ...(main ? {} : { site: site.id }) },
    shares: [share.id],
    path,
    mirrored: false,
  }
}

async function onMachine(
  directory: Directory,
  user: UserRow,
  client: ClientRow,
  path: PathNotation,
): Promise<End> {
  if (path.kind !== 'absolute') {
    const words = `On the machine of ${user.code} a path has to be absolute, not "${printNotation(path)}"`
    throw new WaybillError('bad_request', words)
  }
  // Nobody but its owner reads from or writes to a machine by its own paths.
  if (user.id !== directory.ctx.caller.user) {
    throw new WaybillError('forbidden', `Only ${user.code} may name paths on the machines of ${user.code}`)
  }
  return await Promise.resolve({
    party: { type: 'user', id: user.id },
    client,
    task: { client: client.id, path: withoutSlash(printNotation(path)), user: user.id },
    shares: [],
    path,
    mirrored: false,
  })
}

/** The source's path at another place with the same volume; or a user who will choose. */
async function withoutPath(directory: Directory, party: Party, source: End): Promise<End> {
  if (party.kind === 'user') {
    const user = await directory.user(party.user)
    const client = party.host === undefined ? undefined : await directory.clientOf(user, party.host)
    await directory.clientOf(user, party.host)
    return {
      party: { type: 'user', id: user.id },
      client,
      task: { user: user.id, ...(client === undefined ? {} : { client: client.id }) },
      shares: [],
      path: undefined,
      mirrored: false,
    }
  }
  if (party.kind === 'client') {
    throw new WaybillError('bad_request', 'A client as destination needs a path, as in client=ID:/folder/')
  }
  const site = party.kind === 'site' ? await directory.site(party.site) : await directory.mainSite()
  const path = await mirrorOf(directory, source)
  return { ...(await onSite(directory, site, path, 'write')), mirrored: true }
}

async function mirrorOf(directory: Directory, source: End): Promise<PathNotation> {
  const { v, path } = source.task
  const names = (relative: string) => relative.split('/').filter((name) => name !== '')
  const onVolume = (code: string, below: readonly string[]): PathNotation => ({
    kind: 'share',
    share: 'volume',
    code,
    names: below,
    directory: false,
  })
  if (v !== undefined) return onVolume(v, names(path ?? ''))
  const above = path === undefined ? undefined : await directory.volumeAbove(path)
  if (above !== undefined) return onVolume(above.share.id, above.names)
  const words = `${path ?? 'The source'} lies on no volume, so that its path cannot be mirrored: name a destination path`
  throw new WaybillError('bad_request', words)
}

/** The target's own path: a source goes into a directory by its name, the frames of a sequence as they are. */
function intoDirectory(path: PathNotation, source: End): PathNotation {
  const from = source.path
  if (from === undefined) return path
  if (from.sequence !== undefined) {
    return path.sequence === undefined ? path : { ...path, names: path.names.slice(0, -1), directory: true }
  }
  const name = baseName(from)
  if (!path.directory && path.names.length > 0) return path
  return name === undefined ? path : joinPath(path, name)
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
