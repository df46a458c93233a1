import { type PathNotation, reservedOnWindows, type Sequence, WaybillError } from '@waybill/api'
import type { ClientRow, ShareRow } from '../../locations/directory.js'
import type { PartyType } from '../../store/schema.js'
import type { TaskParty } from '../task-party.js'

/** One end of a task: whose it is, on which machine, and where there. */
export interface End {
  readonly party: { readonly type: PartyType; readonly id: string }
  /** The machine; undefined until the receiver has chosen one. */
  readonly client: ClientRow | undefined
  readonly task: TaskParty
  /** The same for the same place, however it was written and whichever server serves it now. */
  readonly key: string
  readonly shares: readonly string[]
  /** What lies there is called so. */
  readonly name: string
  /** Where it lies on the workspace's storage, or stands for on a machine where that is mapped. */
  readonly place: StoragePlace | undefined
  readonly mirrored: boolean
}

export interface StoragePlace {
  readonly volume: ShareRow
  /** Names below the volume's root. */
  readonly below: readonly string[]
}

/** Where files come from, and what becomes of their names. */
export interface Source extends End {
  readonly sequence: Sequence | undefined
  /** Names that it gets beneath a directory that it is put into, and beneath a destination of its own. */
  readonly into: readonly string[]
  readonly beneath: readonly string[]
  /** Written as a relative path, without a party. */
  readonly relative: boolean
}

/** The key of a place on storage; `machine` where it stands for one on a machine. */
export function storageKey({ volume, below }: StoragePlace, machine = ''): string {
  return JSON.stringify([machine, volume.id, ...below])
}

/** The key of a machine's own path. */
export function machineKey(client: string, path: string): string {
  return JSON.stringify([client, path])
}

/** Refuses names that a Windows machine cannot have; other systems take them all. */
export function demandNames(client: ClientRow, names: readonly string[]): void {
  if (client.os !== 'windows') return
  const reserved = names.map(reservedOnWindows).find((reason) => reason !== undefined)
  if (reserved !== undefined)
    throw new WaybillError('bad_request', `${reserved}, and it would be on a Windows machine`)
}

/** Refuses paths in the notation of another system than the machine's. */
export function demandNotation(client: ClientRow, path: PathNotation & { readonly kind: 'absolute' }): void {
  if (client.os === '') return
  const windows = client.os === 'windows'
  if (windows === (path.root !== '/')) return
  const words = windows
    ? `${client.code} is a Windows machine: write the path as C:\\...`
    : `${client.code} is no Windows machine: write the path as /...`
  throw new WaybillError('bad_request', words)
}
