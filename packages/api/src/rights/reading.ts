import { allows, fullScope, type Names, type Scope, scopeAt } from './scope.js'

/**
 * What matters of a scope for reading at a path and beneath: everything, where nothing beneath is closed. For
 * those who ask about each of very many entries.
 */
export function scopeForReading(scope: Scope, names: Names): Scope {
  if (scope.all) return fullScope
  const near = scopeAt(scope, names)
  return near.closed.length === 0 && allows(near, names, 'read') ? fullScope : near
}
