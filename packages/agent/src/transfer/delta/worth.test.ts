import { expect, it } from 'vitest'
import { isWorthIt } from './worth.js'

const mib = 1024 * 1024
const far = { roundTrip: 20, rate: -1 }
const near = { roundTrip: 0.3, rate: -1 }
const both = { older: 100 * mib, missing: 100 * mib }

it.each([
  ['over distance', 'auto', { ...both, line: far }, true],
  ['nearby', 'auto', { ...both, line: near }, false],
  ['nearby, with a limited rate', 'auto', { ...both, line: { ...near, rate: 50_000_000 } }, true],
  ['nearby, with a limit that is none', 'auto', { ...both, line: { ...near, rate: 5_000_000_000 } }, false],
  ['where nobody knows the line', 'auto', { ...both, line: { roundTrip: undefined, rate: -1 } }, false],
  ['nearby, when it is asked for', 'always', { ...both, line: near }, true],
  ['over distance, when it is off', 'never', { ...both, line: far }, false],
  ['for little of a large file', 'auto', { older: 100 * mib, missing: 2 * mib, line: far }, false],
  [
    'for little of a large file, when it is asked for',
    'always',
    { older: 9e9, missing: 2 * mib, line: far },
    true,
  ],
  ['for next to nothing', 'always', { older: 100 * mib, missing: 1000, line: far }, false],
  ['against next to nothing', 'always', { older: 1000, missing: 100 * mib, line: far }, false],
  ['against more than can be cut', 'always', { older: 2 ** 42, missing: 2 ** 42, line: far }, false],
] as const)('%s, %s', (_what, setting, about, expected) => {
  expect(isWorthIt(setting, about.older, about.missing, about.line)).toBe(expected)
})
