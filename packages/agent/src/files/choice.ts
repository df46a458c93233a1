import { compileFilters, parseFilters } from '@waybill/api'
import { filterEngine } from '../scan/filter.js'

/** What of a listing was asked for, by name and by path beneath the place that is listed. */
export interface Choice {
  /** Whether an entry is part of the answer. */
  chosen(name: string, path: string): boolean
  /** Whether a directory is looked into: all are that are not excluded. */
  entered(name: string, path: string): boolean
}

/**
 * Reads filters as settings write them; include wins, and alone it leaves everything else out. Directories that
 * are not included themselves are looked into all the same, for what is in them.
 *
 * @throws WaybillError `bad_request` for filters that cannot be read
 */
export function choiceOf(include: string, exclude: string): Choice {
  if (include === '' && exclude === '') return { chosen: () => true, entered: () => true }
  const [includes, excludes] = [parseFilters(include), parseFilters(exclude)]
  const isIncluded = either(compileFilters(includes, filterEngine))
  const isExcluded = either(compileFilters(excludes, filterEngine))
  const onlyIncluded = includes.length > 0 && excludes.length === 0
  return {
    chosen: (name, path) => isIncluded(name, path) || (!onlyIncluded && !isExcluded(name, path)),
    entered: (name, path) => isIncluded(name, path) || !isExcluded(name, path),
  }
}

function either(test: (text: string) => boolean): (name: string, path: string) => boolean {
  return (name, path) => test(name) || (path !== name && test(path))
}
