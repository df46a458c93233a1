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
  // In any case, since some file systems know no case: a home must not open by another spelling.
  const closed = scope.closed.filter((home) => isBeneath(anyCase(names), anyCase(home)))
  return scope.reaches.some(
    (reach) =>
      reach[access] &&
      isBeneath(names, reach.names) &&
      closed.every((home) => isBeneath(anyCase(reach.names), anyCase(home))),
  )
}

/**
 * Whether the path and everything beneath it may be read or written: what is sent, moved or deleted as a whole
 * must not take along what is closed.
 */
export function allowsWhole(scope: Scope, names: Names, access: Access): boolean {
  if (!allows(scope, names, access)) return false
  return (
    scope.all || scope.closed.every((home) => !isBeneath(home, names, true) || allows(scope, home, access))
  )
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
  const near = (other: Names) => isBeneath(other, names, true) || isBeneath(names, other, true)
  return {
    all: scope.all,
    reaches: scope.reaches.filter((reach) => near(reach.names)),
    closed: scope.closed.filter(near),
  }
}

function isBeneath(names: Names, above: Names, inAnyCase = false): boolean {
  if (inAnyCase) return isBeneath(anyCase(names), anyCase(above))
  return above.every((name, index) => names[index] === name)
}

function anyCase(names: Names): Names {
  return names.map((name) => name.normalize('NFKC').toLowerCase())
}
