import { fold, matchesWildcard } from '@waybill/api'
import { onBudget } from './budget.js'
import { testJson } from './json-test.js'
import { compilePattern } from './regex/engine.js'

type Argument = string | number | bigint | null | Uint8Array

/**
 * Functions that SQLite gets from us, by name; deterministic. SQLite's own know only the case of ASCII and no
 * regular expressions.
 *
 * The number of parameters of each is what SQLite checks calls against: no defaults here.
 *
 * - waybill_fold(text): as queries compare text
 * - waybill_like(text, pattern): `*` is any run of characters
 * - waybill_matches(text, pattern, budget): a regular expression in Python's dialect
 * - waybill_json(json, test): a comparison with values within an object (json-test.ts)
 */
export const sqliteFunctions: Readonly<
  Record<string, (...args: readonly Argument[]) => string | number | null>
> = {
  waybill_fold: (text) => (text === null ? null : fold(asText(text))),
  waybill_like: (text, pattern) =>
    text === null || pattern === null ? null : Number(matchesWildcard(asText(text), asText(pattern))),
  waybill_matches: (text, pattern, budget) =>
    text === null || pattern === null
      ? null
      : onBudget(Number(budget), () => Number(compilePattern(asText(pattern)).test(asText(text)))),
  waybill_json: (json, test) =>
    json === null || test === null ? null : Number(testJson(asText(json), asText(test))),
}

function asText(value: Exclude<Argument, null>): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value)
}
