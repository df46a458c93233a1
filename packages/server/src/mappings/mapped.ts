import { segments } from '../access/grants.js'
import type { Tx } from '../store/store.js'

/** A directory of a user's machine that stands for a part of the workspace's storage. */
export interface Mapped {
  readonly client: string
  /** Absolute, in the notation of its machine. */
  readonly path: string
  /** What others may: pull from it, push to it. */
  readonly read: boolean
  readonly write: boolean
  /** The volume that the mapped share lies on, and the names below the volume's root. */
  readonly volume: string
  readonly below: readonly string[]
}

/** What is mapped on some machines, shares that are out of use left out. */
export async function mappingsOn(db: Tx, clients: readonly string[]): Promise<readonly Mapped[]> {
  if (clients.length === 0) return []
  const rows = await db
    .selectFrom('mapping')
    .innerJoin('share', 'share.id', 'mapping.share')
    .select(['mapping.client', 'mapping.path', 'mapping.read', 'mapping.write'])
    .select(['share.id', 'share.kind', 'share.parent', 'share.path as at'])
    .where('mapping.client', 'in', [...clients])
    .where('share.inactive', '=', 0)
    .execute()
  return rows.flatMap(({ client, path, read, write, id, kind, parent, at }) => {
    const volume = kind === 'volume' ? id : parent
    const below = kind === 'volume' ? [] : segments(at)
    if (volume === null || below === undefined) return []
    return [{ client, path, read: read === 1, write: write === 1, volume, below }]
  })
}

/** The mapping that a place on storage lies in, and the names beneath its directory: of several the nearest. */
export function mappingAt(
  mappings: readonly Mapped[],
  volume: string,
  below: readonly string[],
): { readonly mapping: Mapped; readonly names: readonly string[] } | undefined {
  let best: Mapped | undefined
  for (const mapping of mappings) {
    const covers = mapping.volume === volume && mapping.below.every((name, i) => below[i] === name)
    if (covers && (best === undefined || mapping.below.length > best.below.length)) best = mapping
  }
  return best && { mapping: best, names: below.slice(best.below.length) }
}
