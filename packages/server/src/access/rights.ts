import type { Role } from '@waybill/api'
import type { CallContext, Caller } from '../context.js'
import type { ShareTable } from '../store/schema.js'
import type { Tx } from '../store/store.js'
import { type Grant, parseGrants, segments, WHOLE } from './grants.js'

export type Access = 'read' | 'write'

/** What rights depend on of a share: which tree of files it is in, and where it begins there. */
export type ShareFacts = Pick<ShareTable, 'id' | 'kind' | 'parent' | 'path'>

/** A place in a tree of files: the share at the root of the tree, and the names below it. */
interface Place {
  readonly root: string
  readonly names: readonly string[]
}

/** A place with the rights that somebody has on it and on all beneath it. */
interface Reach extends Place {
  readonly read: boolean
  readonly write: boolean
}

/** All that decides what one user may do with files; made by `loadRights` or `rightsFrom`. */
export interface Rights {
  readonly role: Role
  readonly reaches: readonly Reach[]
  /** Homes of others that a grant on what lies above does not open. */
  readonly closed: readonly Place[]
}

export interface RightsFacts {
  readonly role: Role
  /** ACLs in force, with the share that each is on; also of the user's own home, which needs none. */
  readonly granted: readonly { readonly share: ShareFacts; readonly grants: readonly Grant[] }[]
  /** Homes of admins and of other employees. */
  readonly closedHomes: readonly ShareFacts[]
}

/** Works the facts into rights. */
export function rightsFrom({ role, granted, closedHomes }: RightsFacts): Rights {
  return {
    role,
    reaches: granted.flatMap(({ share, grants }) =>
      grants.flatMap(({ path, read, write }) => {
        const place = placeOf(share, path)
        return place === undefined ? [] : [{ ...place, read, write }]
      }),
    ),
    closed: closedHomes.flatMap((home) => placeOf(home, '/') ?? []),
  }
}

/**
 * Whether the user may read or write what lies at `path` (relative to the share, `/` between names). Admins
 * may everything; everybody else what an ACL grants on the path or above it, through whichever share. A path
 * with `..` is granted to nobody.
 */
export function may(rights: Rights, share: ShareFacts, path: string, access: Access): boolean {
  const place = placeOf(share, path)
  if (place === undefined) return false
  return rights.role === 'admin' || covers(rights, place, access)
}

/**
 * What the user sees in a directory: `all` of it, only the names on the way to what was granted, or
 * `nothing`, when it may not be listed.
 */
export function visibleIn(
  rights: Rights,
  share: ShareFacts,
  path: string,
): 'all' | 'nothing' | ReadonlySet<string> {
  if (may(rights, share, path, 'read')) return 'all'
  const place = placeOf(share, path)
  if (place === undefined) return 'nothing'
  const names = rights.reaches.flatMap((reach) => {
    const next = reach.names[place.names.length]
    return reach.read && next !== undefined && isBeneath(reach, place) ? [next] : []
  })
  return names.length === 0 ? 'nothing' : new Set(names)
}

/** The caller's rights, as they are in the database now. */
export async function loadRights(db: Tx, caller: Caller): Promise<Rights> {
  if (caller.role === 'admin') return { role: 'admin', reaches: [], closed: [] }
  const acls = await db
    .selectFrom('acl')
    .innerJoin('share', 'share.id', 'acl.share')
    .select(['share.id', 'share.kind', 'share.parent', 'share.path', 'acl.paths'])
    .where('acl.user', '=', caller.user)
    .where('acl.inactive', '=', 0)
    .where('share.inactive', '=', 0)
    .execute()
  const homes = await db
    .selectFrom('share')
    .innerJoin('user', 'user.id', 'share.user')
    .select(['share.id', 'share.kind', 'share.parent', 'share.path', 'share.user'])
    .where('share.kind', '=', 'home')
    .where('share.inactive', '=', 0)
    .where((eb) => eb.or([eb('user.id', '=', caller.user), eb('user.role', 'in', ['admin', 'employee'])]))
    .execute()
  const own = homes.filter(({ user }) => user === caller.user)
  return rightsFrom({
    role: caller.role,
    granted: [
      ...acls.map((acl) => ({ share: acl, grants: parseGrants(acl.paths) })),
      ...own.map((share) => ({ share, grants: [WHOLE] })),
    ],
    closedHomes: homes.filter(({ user }) => user !== caller.user),
  })
}

/** `may` for the caller of an operation. For many paths, load the rights once and ask `may`. */
export async function mayAccess(
  ctx: CallContext,
  share: ShareFacts,
  path: string,
  access: Access,
  db: Tx = ctx.store.db,
): Promise<boolean> {
  return may(await loadRights(db, ctx.caller), share, path, access)
}

function covers(rights: Rights, place: Place, access: Access): boolean {
  // In any case, since some file systems know no case: a home must not open by another spelling.
  const closed = rights.closed.filter((home) => isBeneath(anyCase(place), anyCase(home)))
  return rights.reaches.some(
    (reach) => reach[access] && isBeneath(place, reach) && closed.every((home) => isBeneath(reach, home)),
  )
}

function anyCase({ root, names }: Place): Place {
  return { root, names: names.map((name) => name.normalize('NFKC').toLowerCase()) }
}

/** Whether `place` is `above` or lies beneath it. */
function isBeneath(place: Place, above: Place): boolean {
  return place.root === above.root && above.names.every((name, index) => place.names[index] === name)
}

/** Volumes and collections are trees of their own; folders and homes begin somewhere in their volume. */
function placeOf(share: ShareFacts, path: string): Place | undefined {
  const names = segments(path)
  if (share.kind === 'volume' || share.kind === 'collection') return names && { root: share.id, names }
  const start = segments(share.path)
  if (share.parent === null || start === undefined || names === undefined) return undefined
  return { root: share.parent, names: [...start, ...names] }
}
