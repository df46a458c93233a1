import {
  type Access,
  allows,
  allowsWhole,
  emptyScope,
  fullScope,
  type Names,
  type Reach,
  type Role,
  type Scope,
  visibleNames,
} from '@waybill/api'
import type { Caller } from '../context.js'
import type { ShareTable } from '../store/schema.js'
import type { Tx } from '../store/store.js'
import { type Grant, parseGrants, segments, WHOLE } from './grants.js'

/** What rights depend on of a share: which tree of files it is in, and where it begins there. */
export type ShareFacts = Pick<ShareTable, 'id' | 'kind' | 'parent' | 'path'>

/** A place in a tree of files: the share at the root of the tree, and the names below it. */
interface Place {
  readonly root: string
  readonly names: Names
}

/** All that decides what one user may do with files; made by `loadRights` or `rightsFrom`. */
export interface Rights {
  readonly role: Role
  /** By the share at the root of each tree: a volume or a collection. */
  readonly scopes: ReadonlyMap<string, Scope>
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
  const trees = new Map<string, { readonly reaches: Reach[]; readonly closed: Names[] }>()
  const treeOf = (root: string) => {
    const tree = trees.get(root) ?? { reaches: [], closed: [] }
    trees.set(root, tree)
    return tree
  }
  for (const { share, grants } of granted) {
    for (const { path, read, write } of grants) {
      const place = placeOf(share, path)
      if (place !== undefined) treeOf(place.root).reaches.push({ names: place.names, read, write })
    }
  }
  for (const home of closedHomes) {
    const place = placeOf(home, '/')
    if (place !== undefined) treeOf(place.root).closed.push(place.names)
  }
  return { role, scopes: new Map([...trees].map(([root, tree]) => [root, { all: false, ...tree }])) }
}

/** The rights within one tree: that of a volume, or of a collection. */
export function scopeOf({ role, scopes }: Rights, root: string): Scope {
  return role === 'admin' ? fullScope : (scopes.get(root) ?? emptyScope)
}

/**
 * Whether the user may read or write what lies at `path` (relative to the share, `/` between names). Admins
 * may everything; everybody else what an ACL grants on the path or above it, through whichever share. A path
 * with `..` is granted to nobody.
 */
export function may(rights: Rights, share: ShareFacts, path: string, access: Access): boolean {
  const place = placeOf(share, path)
  return place !== undefined && allows(scopeOf(rights, place.root), place.names, access)
}

/** The same for the path and all that lies beneath it. */
export function mayWhole(rights: Rights, share: ShareFacts, path: string, access: Access): boolean {
  const place = placeOf(share, path)
  return place !== undefined && allowsWhole(scopeOf(rights, place.root), place.names, access)
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
  const place = placeOf(share, path)
  return place === undefined ? 'nothing' : visibleNames(scopeOf(rights, place.root), place.names)
}

/** The caller's rights, as they are in the database now. */
export async function loadRights(db: Tx, caller: Caller): Promise<Rights> {
  if (caller.role === 'admin') return { role: 'admin', scopes: new Map() }
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

/** Volumes and collections are trees of their own; folders and homes begin somewhere in their volume. */
function placeOf(share: ShareFacts, path: string): Place | undefined {
  const names = segments(path)
  if (share.kind === 'volume' || share.kind === 'collection') return names && { root: share.id, names }
  const start = segments(share.path)
  if (share.parent === null || start === undefined || names === undefined) return undefined
  return { root: share.parent, names: [...start, ...names] }
}
