import { queryError, type RegexEngine, type Value } from '@waybill/api'
import { RE2JS } from 're2js'
import { PatternError, translate } from './python.js'

const MAX_LENGTH = 1000
/** Instructions of a compiled pattern: the time for a character of text is bounded by it. */
const MAX_SIZE = 2000
const CACHED = 200

/** Texts are searched up to here, in UTF-16 units; only metadata and descriptions can be longer. */
export const searchedLength = 65_536

export interface CompiledPattern {
  /** Whether the pattern is found in the text; linear in its length. */
  test(text: string): boolean
  /** The same pattern for PostgreSQL's `~*`. */
  readonly postgres: string
}

const cache = new Map<string, CompiledPattern>()

/**
 * Compiles a pattern in Python's dialect, without regard to case unless `caseSensitive`.
 *
 * @throws PatternError
 */
export function compilePattern(pattern: string, caseSensitive = false): CompiledPattern {
  const key = `${caseSensitive ? 'I' : 'i'}${pattern}`
  const known = cache.get(key)
  if (known !== undefined) return known
  if (pattern.length > MAX_LENGTH)
    throw new PatternError(`it is longer than ${MAX_LENGTH} characters`, MAX_LENGTH)
  const { re2, postgres } = translate(pattern)
  const compiled = compileRe2(re2, caseSensitive)
  const entry = { postgres, test: (text: string) => compiled.test(text.slice(0, searchedLength)) }
  const [oldest] = cache.keys()
  if (cache.size >= CACHED && oldest !== undefined) cache.delete(oldest)
  cache.set(key, entry)
  return entry
}

function compileRe2(pattern: string, caseSensitive: boolean): RE2JS {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error), 0)
  }
  if (compiled.programSize() > MAX_SIZE) throw new PatternError('it is too complex', 0)
  return compiled
}

/** The same with errors for the one who wrote the query. */
export function compileRegex(pattern: Value, caseSensitive = false): CompiledPattern {
  try {
    return compilePattern(pattern.text, caseSensitive)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    const shown = JSON.stringify(pattern.text.slice(0, 100))
    throw queryError(
      `${shown} is no regular expression that can be used: ${error.message}`,
      pattern.column,
      error,
    )
  }
}

/** The engine of the control plane: RE2, whose time is linear whatever the pattern. */
export const re2Engine: RegexEngine = {
  compile: (pattern, options) => {
    const compiled = compileRegex(pattern, options?.caseSensitive)
    return (text) => compiled.test(text)
  },
}
