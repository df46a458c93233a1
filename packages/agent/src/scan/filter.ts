import { compileFilters, parseFilters, type RegexEngine, WaybillError } from '@waybill/api'
import { RE2JS } from 're2js'

/** Whether a file or directory, by its path relative to the task, is to be sent. */
export type FileFilter = (path: string, directory: boolean) => boolean

/** Instructions of a compiled expression: the time for a character of a name is bounded by it. */
const maxSize = 2000

/** Linear in the text, whatever the pattern: filters come from people. */
export const filterEngine: RegexEngine = {
  compile: (pattern, options) => {
    try {
      // What Python writes \Z is \z in RE2; the rest of the dialect is the same.
      const text = pattern.text.replace(/(?<!\\)((?:\\\\)*)\\Z/g, '$1\\z')
      const compiled = RE2JS.compile(text, options?.caseSensitive === true ? 0 : RE2JS.CASE_INSENSITIVE)
      if (compiled.programSize() > maxSize) throw new Error('it is too complex')
      return (name) => compiled.test(name)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new WaybillError('bad_query', `A filter cannot be used: ${why}`, { cause: error })
    }
  },
}

/**
 * The filters of a task, as settings write them; each is tried on the name and on the relative path. Include
 * wins; with include alone, other files are left out. Directories are entered unless they are excluded.
 *
 * @throws WaybillError for filters that cannot be read
 */
export function filterOf(include: string, exclude: string): FileFilter {
  if (include === '' && exclude === '') return () => true
  const [includes, excludes] = [parseFilters(include), parseFilters(exclude)]
  const included = either(compileFilters(includes, filterEngine))
  const excluded = either(compileFilters(excludes, filterEngine))
  const onlyIncluded = includes.length > 0 && excludes.length === 0
  return (path, directory) => {
    if (included(path)) return true
    return onlyIncluded ? directory : !excluded(path)
  }
}

function either(test: (name: string) => boolean): (path: string) => boolean {
  return (path) => test(path.slice(path.lastIndexOf('/') + 1)) || test(path)
}
