import type { Value } from './tree.js'

/**
 * The seam to an engine for regular expressions: this package has none of its own, because the one built
 * into JavaScript can be made to run for ever.
 */
export interface RegexEngine {
  /**
   * A test whether the pattern (Python's dialect, without regard to case unless `caseSensitive`) is found
   * anywhere in a text, in time linear in the text.
   *
   * @throws WaybillError `bad_query`, with the column of `pattern`, for one that cannot be used
   */
  compile(pattern: Value, options?: { readonly caseSensitive?: boolean }): (text: string) => boolean
}
