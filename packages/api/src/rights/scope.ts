/**
 * The one answer to "may this person read or write this path": the control plane asks it for every call, and
 * agents ask it for every entry of a listing, so that nobody sees more by one way than by another.
 *
 * A tree of files is a volume, or a collection; a path in it is the list of the names below its root.
 */
export type Access = 'read' | 'write'
export type Names = readonly string[]

/** Rights on a path and on all that lies beneath. */
export interface Reach {
  readonly names: Names
  readonly read: boolean
  readonly write: boolean
}

/** What one person may do within one tree. */
export interface Scope {
  /** Everything: admins. */
  readonly all: boolean
  readonly reaches: readonly Reach[]
  /** Homes of others, which a grant on what lies above does not open. */
  readonly closed: readonly Names[]
}

/** Of an admin; and of somebody who has nothing to do with the tree. */
export const fullScope: Scope = { all: true, reaches: [], closed: [] }
export const emptyScope: Scope = { all: false, reaches: [], closed: [] }

/** Whether what lies at the path itself may be read or written. */
export function allows(scope: Scope, names: Names, access: Access): boolean {
  if (scope.all) return true
  const closed = closedAround(scope, names)
  return scope.reaches.some(
    (reach) =>
      reach[access] &&
      isBeneath(names, reach.names) &&
      (closed.length === 0 || isInAll(anySpelling(reach.names), closed)),
  )
}

/**
 * Whether the path and everything beneath it may be read or written: what is sent, moved or deleted as a whole
 * must not take along what is closed.
 */
export function allowsWhole(scope: Scope, names: Names, access: Access): boolean {
  if (!allows(scope, names, access)) return false
  return scope.all || closedBeneath(scope, names).every((home) => allows(scope, home, access))
}

/**
 * What is seen in a directory: `all` entries but those that are closed, which `allows` tells; only the names on
 * the way to what was granted; or `nothing`, when it may not be listed.
 */
export function visibleNames(scope: Scope, names: Names): 'all' | 'nothing' | ReadonlySet<string> {
  if (allows(scope, names, 'read')) return 'all'
  const on = scope.reaches.flatMap((reach) => {
    const next = reach.names[names.length]
    return reach.read && next !== undefined && isBeneath(reach.names, names) ? [next] : []
  })
  return on.length === 0 ? 'nothing' : new Set(on)
}

/** Whether an entry of a tree may be seen at all: it may be read, or lies on the way to what may be. */
export function isVisible(scope: Scope, names: Names): boolean {
  return visibleNames(scope, names) !== 'nothing'
}

/** The part of a scope that matters at a path and beneath it; what is sent to an agent. */
export function scopeAt(scope: Scope, names: Names): Scope {
  const here = anySpelling(names)
  const near = (other: Names) => {
    const there = anySpelling(other)
    return isBeneath(there, here) || isBeneath(here, there)
  }
  return {
    all: scope.all,
    reaches: scope.reaches.filter((reach) => near(reach.names)),
    closed: scope.closed.filter(near),
  }
}

/** Homes of others that lie at a path or beneath it, from there on as they are spelled. */
function closedBeneath({ closed }: Scope, names: Names): readonly Names[] {
  const here = anySpelling(names)
  return closed
    .filter((home) => isBeneath(anySpelling(home), here))
    .map((home) => [...names, ...home.slice(names.length)])
}

/** Homes of others that a path lies in, however it is spelled. */
function closedAround(scope: Scope, names: Names): readonly Names[] {
  if (scope.closed.length === 0) return []
  const here = anySpelling(names)
  return closedInAnySpelling(scope).filter((home) => isBeneath(here, home))
}

const folded = new WeakMap<Scope, readonly Names[]>()

/** Worked out once for a scope: a listing asks for every entry. */
function closedInAnySpelling(scope: Scope): readonly Names[] {
  const known = folded.get(scope)
  if (known !== undefined) return known
  const closed = scope.closed.map(anySpelling)
  folded.set(scope, closed)
  return closed
}

const isInAll = (names: Names, homes: readonly Names[]) => homes.every((home) => isBeneath(names, home))

function isBeneath(names: Names, above: Names): boolean {
  return above.length <= names.length && above.every((name, index) => names[index] === name)
}

/**
 * Names as all those file systems see them that take one spelling for another: without regard to case and to
 * how characters are composed, to dots and spaces at the end, and to what stands behind a colon (Windows). A
 * home must not open by another spelling; that a directory of nearly the same name stays closed does no harm.
 */
function anySpelling(names: Names): Names {
  return names.map((name) =>
    name
      .replace(/:.*$/su, '')
      .replace(/[. ]+$/u, '')
      .normalize('NFKC')
      .toUpperCase()
      .toLowerCase(),
  )
}
