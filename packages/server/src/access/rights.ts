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
import { readable } from './share-scope.js'

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
  /**
   * By the share at the root of each tree: a volume or a collection. Through a collection files are read, never
   * written: whoever puts a file into one need not be allowed to change it.
   */
  readonly scopes: ReadonlyMap<string, Scope>
  /** Collections that the user may put files into and take them out of. */
  readonly managed: ReadonlySet<string>
}

export interface RightsFacts {
  readonly role: Role
  /** ACLs in force, with the share that each is on; also of the user's own home, which needs none. */
  readonly granted: readonly { readonly share: ShareFacts; readonly grants: readonly Grant[] }[]
  /** Homes of admins and of other employees. */
  readonly closedHomes: readonly ShareFacts[]
}

/** Works the facts into rights. Volumes are for employees: an ACL of a standard user on one says nothing. */
export function rightsFrom({ role, granted, closedHomes }: RightsFacts): Rights {
  const trees = new Map<string, { readonly reaches: Reach[]; readonly closed: Names[] }>()
  const managed = new Set<string>()
  const treeOf = (root: string) => {
    const tree = trees.get(root) ?? { reaches: [], closed: [] }
    trees.set(root, tree)
    return tree
  }
  for (const { share, grants } of granted) {
    if (share.kind === 'volume' && role === 'standard') continue
    for (const { path, read, write } of grants) {
      const place = placeOf(share, path)
      if (place === undefined) continue
      const { root, names } = place
      if (share.kind !== 'collection') treeOf(root).reaches.push({ names, read, write })
      else {
        if (read) treeOf(root).reaches.push({ names, read, write: false })
        if (write && names.length === 0) managed.add(root)
      }
    }
  }
  for (const home of closedHomes) {
    const place = placeOf(home, '/')
    if (place !== undefined) treeOf(place.root).closed.push(place.names)
  }
  const scopes = new Map([...trees].map(([root, tree]) => [root, { all: false, ...tree }]))
  return { role, scopes, managed }
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

/** Whether the user may put files into a collection, and take them out. */
export function mayManage({ role, managed }: Rights, collection: string): boolean {
  return role === 'admin' || managed.has(collection)
}

/** The caller's rights, as they are in the database now: a few queries, however many ACLs there are. */
export async function loadRights(db: Tx, caller: Caller): Promise<Rights> {
  if (caller.role === 'admin') return { role: 'admin', scopes: new Map(), managed: new Set() }
  const acls = await db
    .selectFrom('acl')
    .innerJoin('share', 'share.id', 'acl.share')
    .select(['share.id', 'share.kind', 'share.parent', 'share.path', 'acl.paths'])
    .where('acl.user', '=', caller.user)
    .where('acl.inactive', '=', 0)
    .where('share.inactive', '=', 0)
    .execute()
  // Also those that were set aside: what lies in them is as private as before.
  const homes = await db
    .selectFrom('share')
    .innerJoin('user', 'user.id', 'share.user')
    .select(['share.id', 'share.kind', 'share.parent', 'share.path', 'share.user', 'share.inactive'])
    .where('share.kind', '=', 'home')
    .where((eb) => eb.or([eb('user.id', '=', caller.user), eb('user.role', 'in', ['admin', 'employee'])]))
    .execute()
  const own = homes.filter(({ user, inactive }) => user === caller.user && inactive === 0)
  const rights = rightsFrom({
    role: caller.role,
    granted: [
      ...acls.map((acl) => ({ share: acl, grants: parseGrants(acl.paths) })),
      ...own.map((share) => ({ share, grants: [WHOLE] })),
    ],
    closedHomes: homes.filter(({ user }) => user !== caller.user),
  })
  return caller.role === 'employee' ? await withCollections(db, rights) : rights
}

/** Employees have collections whose files all lie where they may read anyway: on volumes that they were granted. */
async function withCollections(db: Tx, rights: Rights): Promise<Rights> {
  const inside = readable(rights, { volume: 'collection_file.volume', path: 'collection_file.path' })
  if (inside === undefined) return rights
  const rows = await db
    .selectFrom('share')
    .select('share.id')
    .where('share.kind', '=', 'collection')
    .where('share.inactive', '=', 0)
    .where((eb) => {
      const files = eb
        .selectFrom('collection_file')
        .select('collection_file.id')
        .whereRef('collection_file.collection', '=', 'share.id')
      const outside = files.where((inner) => inner.not(inside(inner)))
      return eb.and([eb.exists(files), eb.not(eb.exists(outside))])
    })
    .execute()
  const whole: Scope = { all: false, reaches: [{ names: [], read: true, write: false }], closed: [] }
  return {
    ...rights,
    scopes: new Map([...rights.scopes, ...rows.map(({ id }) => [id, whole] as const)]),
    managed: new Set([...rights.managed, ...rows.map(({ id }) => id)]),
  }
}

/** Volumes and collections are trees of their own; folders and homes begin somewhere in their volume. */
function placeOf(share: ShareFacts, path: string): Place | undefined {
  const names = segments(path)
  if (share.kind === 'volume' || share.kind === 'collection') return names && { root: share.id, names }
  const start = segments(share.path)
  if (share.parent === null || start === undefined || names === undefined) return undefined
  return { root: share.parent, names: [...start, ...names] }
}
