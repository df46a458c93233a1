import * as v from 'valibot'

/** One path of an ACL, relative to its share, with the rights on it and on all that lies beneath. */
export interface Grant {
  readonly path: string
  readonly read: boolean
  readonly write: boolean
}

/** All of a share, to read and to write. */
export const WHOLE: Grant = { path: '/', read: true, write: true }

const Grants = v.array(v.object({ path: v.string(), read: v.boolean(), write: v.boolean() }))

/** The grants in an ACL's `paths` column. */
export function parseGrants(paths: string): readonly Grant[] {
  return v.parse(Grants, JSON.parse(paths))
}

/**
 * The names that a path consists of: `/a//b/./c` is a, b, c. Undefined for one that goes up: what lies there
 * is not decided by what is written.
 */
export function segments(path: string): readonly string[] | undefined {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  return names.includes('..') ? undefined : names
}
