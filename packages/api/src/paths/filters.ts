import { WaybillError } from '../errors.js'
import type { RegexEngine } from '../query/regex.js'
import { matchesWildcard } from '../query/text.js'
import { refused } from './names.js'

/** One filter of a list; see `parseFilters`. */
export type Filter =
  /** The whole name; `*` is any run of characters. */
  | { readonly kind: 'wildcard'; readonly pattern: string }
  /** Found anywhere in the name. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly caseSensitive: boolean }

const REGEX_START = /^re\(\s*(['"])/i

/**
 * Reads filters separated by commas: `word` is the whole name, `*word` its end, `word*` its start, `*word*`
 * any part, `start*end` both, `re('...')` a regular expression. The case is disregarded unless written
 * `re('...', 'I')`. `\,` is a comma; within `re(...)` a comma needs no backslash.
 *
 * @throws WaybillError `bad_request` for an expression that is never closed
 */
export function parseFilters(text: string): readonly Filter[] {
  const filters: Filter[] = []
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const space = rest.length - rest.trimStart().length
    const { filter, length } = readOne(rest.trimStart())
    if (filter !== undefined) filters.push(filter)
    at += space + length + 1
  }
  return filters
}

function readOne(text: string): { readonly filter: Filter | undefined; readonly length: number } {
  const quote = REGEX_START.exec(text)?.[1]
  if (quote !== undefined) return readRegex(text, quote)
  const raw = /^(?:\\,|[^,])*/.exec(text)?.[0] ?? ''
  const pattern = raw.replaceAll('\\,', ',').trim()
  return { filter: pattern === '' ? undefined : { kind: 'wildcard', pattern }, length: raw.length }
}

/** The expression ends at the first quote and parenthesis behind which the list goes on or ends. */
function readRegex(text: string, quote: string): { readonly filter: Filter; readonly length: number } {
  const start = REGEX_START.exec(text)?.[0].length ?? 0
  const end = new RegExp(`${quote}\\s*(,\\s*['"]\\s*([a-z]*)\\s*['"]\\s*)?\\)\\s*(?=,|$)`, 'gi')
  end.lastIndex = start
  const match = end.exec(text)
  if (match === null) throw refused(`${text.slice(0, 100)} is never closed; write re('expression')`)
  const flags = match[2] ?? ''
  if (flags !== '' && flags.toUpperCase() !== 'I')
    throw refused(`Unknown flag ${flags}; only 'I' can be given, which regards the case`)
  const pattern = text.slice(start, match.index)
  return { filter: { kind: 'regex', pattern, caseSensitive: flags !== '' }, length: end.lastIndex }
}

/** The text of filters, as `parseFilters` reads it. */
export function printFilters(filters: readonly Filter[]): string {
  return filters
    .map((filter) =>
      filter.kind === 'wildcard'
        ? filter.pattern.replaceAll(',', '\\,')
        : `re('${filter.pattern}'${filter.caseSensitive ? ", 'I'" : ''})`,
    )
    .join(',')
}

/**
 * A test whether any of the filters matches a name.
 *
 * @throws WaybillError `bad_request` for a regular expression that cannot be used
 */
export function compileFilters(filters: readonly Filter[], regex: RegexEngine): (name: string) => boolean {
  const tests = filters.map((filter) =>
    filter.kind === 'wildcard'
      ? (name: string) => matchesWildcard(name, filter.pattern)
      : compileRegex(filter.pattern, filter.caseSensitive, regex),
  )
  return (name) => tests.some((test) => test(name))
}

function compileRegex(
  pattern: string,
  caseSensitive: boolean,
  regex: RegexEngine,
): (name: string) => boolean {
  try {
    return regex.compile({ text: pattern, column: 1 }, { caseSensitive })
  } catch (error) {
    if (error instanceof WaybillError) throw new WaybillError('bad_request', error.message, { cause: error })
    throw error
  }
}

/**
 * A test whether a name is chosen. Include wins: what it matches is in, whatever is excluded. With include
 * alone nothing else is in; with both, what neither of them matches is in.
 */
export function chooser(
  include: readonly Filter[],
  exclude: readonly Filter[],
  regex: RegexEngine,
): (name: string) => boolean {
  const included = compileFilters(include, regex)
  const excluded = compileFilters(exclude, regex)
  return (name) => included(name) || (include.length > 0 && exclude.length === 0 ? false : !excluded(name))
}
