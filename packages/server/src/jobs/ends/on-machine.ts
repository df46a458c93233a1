import { type PathNotation, printNotation, WaybillError } from '@waybill/api'
import type { ClientRow, Directory, UserRow } from '../../locations/directory.js'
import { findPlace, isCollection } from '../../locations/share-place.js'
import { type Mapped, mappingAt } from '../../mappings/mapped.js'
import { demandNames, demandNotation, type End, machineKey, type StoragePlace, storageKey } from './end.js'

export type Access = 'read' | 'write'

/** A user as a party, with the machines that are meant, the likeliest first. */
export interface UserParty {
  readonly user: UserRow
  readonly clients: readonly [ClientRow, ...ClientRow[]]
  /** One machine was named. */
  readonly chosen: boolean
}

/** A path on a user's machine: its own, which nobody but that user names, or that of a share mapped there. */
export async function machineEnd(
  directory: Directory,
  { user, clients }: UserParty,
  path: PathNotation,
  access: Access,
): Promise<End> {
  if (path.kind === 'share' || path.kind === 'home')
    return await mappedEnd(directory, user, clients, path, access)
  const [client] = clients
  if (path.kind !== 'absolute') {
    const words = `On the machine of ${user.code} a path has to be absolute, or that of a share mapped there`
    throw new WaybillError('bad_request', `${words}, not "${printNotation(path)}"`)
  }
  if (user.id !== directory.ctx.caller.user) {
    throw new WaybillError(
      'forbidden',
      `Only ${user.code} may name paths on the machines of ${user.code}; others name a share that is mapped there`,
    )
  }
  demandNotation(client, path)
  if (access === 'read' && path.names.length === 0) {
    throw new WaybillError('bad_request', 'A whole machine cannot be sent; name a directory')
  }
  return ownPathEnd(user, client, path)
}

/** A machine's own path; whoever calls has checked that the caller may name it. */
export function ownPathEnd(
  user: UserRow,
  client: ClientRow,
  path: PathNotation & { readonly kind: 'absolute' },
): End {
  const text = printNotation({ ...path, directory: false })
  return {
    party: { type: 'user', id: user.id },
    client,
    task: { client: client.id, path: text, user: user.id },
    key: machineKey(client.id, text),
    shares: [],
    name: path.names.at(-1) ?? text,
    place: undefined,
    mirrored: false,
  }
}

async function mappedEnd(
  directory: Directory,
  user: UserRow,
  clients: readonly ClientRow[],
  path: PathNotation,
  access: Access,
): Promise<End> {
  // What lies at the machine is the owner's to give; that the share is there is the workspace's.
  const wanted = access === 'read' ? 'read' : 'see'
  const place = await findPlace(directory, path, wanted, { whole: true })
  if (isCollection(place) || place.share.kind === 'collection') {
    throw new WaybillError('bad_request', 'Collections cannot be mapped: name a folder, home or volume')
  }
  const client = await whereMapped(directory, user, clients, place, access)
  if (client === undefined) {
    const what = access === 'read' ? 'pulled from' : 'pushed to'
    const words = `"${printNotation(path)}" is mapped on no machine of ${user.code} so that it can be ${what}`
    throw new WaybillError('forbidden', `${words}: ${user.code} does that with "waybill map add"`)
  }
  const named = place.share.id === place.volume.id ? {} : { s: place.share.id }
  const end = mapped(user, client, place)
  return {
    ...end,
    task: { ...end.task, ...named, path: place.names.join('/') },
    shares: [...new Set([place.share.id, ...end.shares])],
  }
}

/** Where the source's own place is mapped at the receiver for writing; undefined where it is not. */
export async function mirroredAtMachine(
  directory: Directory,
  { user, clients }: UserParty,
  place: StoragePlace,
): Promise<End | undefined> {
  const client = await whereMapped(directory, user, clients, place, 'write')
  return client && { ...mapped(user, client, place), mirrored: true }
}

/** A receiver who has yet to choose a place. */
export function pendingEnd({ user, clients: [client], chosen }: UserParty): End {
  return {
    party: { type: 'user', id: user.id },
    client: chosen ? client : undefined,
    task: { user: user.id, ...(chosen ? { client: client.id } : {}) },
    key: JSON.stringify(['pending', user.id]),
    shares: [],
    name: '',
    place: undefined,
    mirrored: false,
  }
}

function mapped(user: UserRow, client: ClientRow, { volume, below }: StoragePlace): End {
  demandNames(client, below)
  return {
    party: { type: 'user', id: user.id },
    client,
    task: { client: client.id, path: below.join('/'), v: volume.id, user: user.id },
    key: storageKey({ volume, below }, client.id),
    shares: [volume.id],
    name: below.at(-1) ?? volume.code,
    place: { volume, below },
    mirrored: false,
  }
}

/** The likeliest of a user's machines where a place is mapped, and the caller may go there. */
async function whereMapped(
  directory: Directory,
  user: UserRow,
  clients: readonly ClientRow[],
  { volume, below }: StoragePlace,
  access: Access,
): Promise<ClientRow | undefined> {
  const mappings = await directory.mappingsOn(clients)
  const own = user.id === directory.ctx.caller.user
  const open = (mapping: Mapped) => own || mapping[access]
  return clients.find(({ id }) => {
    const here = mappings.filter(({ client }) => client === id)
    const found = mappingAt(here, volume.id, below)
    return found !== undefined && open(found.mapping)
  })
}
