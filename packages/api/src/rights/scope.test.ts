import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Access,
  allows,
  allowsWhole,
  emptyScope,
  fullScope,
  isVisible,
  type Names,
  type Scope,
  scopeAt,
  visibleNames,
} from './scope.js'

const alphabet = ['a', 'A', 'b', 'ab']
const names = fc.array(fc.constantFrom(...alphabet), { maxLength: 3 })
const reach = fc.record({ names, read: fc.boolean(), write: fc.boolean() })
const scope: fc.Arbitrary<Scope> = fc.record({
  all: fc.constant(false),
  reaches: fc.array(reach, { maxLength: 4 }),
  closed: fc.array(names, { maxLength: 2 }),
})
const access = fc.constantFrom<Access>('read', 'write')

/** The slow and obvious way: a place is a text, `/a/b/`, and lies beneath another when it starts with it. */
const text = (place: Names) => `/${place.map((name) => `${name}/`).join('')}`
const anyCase = (place: Names) => text(place).toLowerCase()

function mayAt({ reaches, closed }: Scope, place: Names, how: Access): boolean {
  return reaches.some(
    (each) =>
      each[how] &&
      text(place).startsWith(text(each.names)) &&
      closed
        .filter((home) => anyCase(place).startsWith(anyCase(home)))
        .every((home) => anyCase(each.names).startsWith(anyCase(home))),
  )
}

/** A place and everything beneath it, as deep as anything that the tests grant or close. */
function everythingAt(place: Names): Names[] {
  if (place.length > 3) return [place]
  return [place, ...alphabet.flatMap((name) => everythingAt([...place, name]))]
}

/** Whether something beneath `top` is closed only since a home there is spelled nearly the same. */
function isNamesake({ closed }: Scope, top: Names, place: Names): boolean {
  const homes = closed.filter((home) => home.length > top.length && anyCase(place).startsWith(anyCase(home)))
  const below = text(place.slice(top.length))
  return homes.length > 0 && !homes.some((home) => below.startsWith(text(home.slice(top.length))))
}

const seesAt = (given: Scope, place: Names): boolean =>
  mayAt(given, place, 'read') ||
  given.reaches.some((each) => each.read && text(each.names).startsWith(text(place)))

describe('rights in a tree', () => {
  it('are those of a grant on the path or above it; a closed home opens from within only', () => {
    fc.assert(
      fc.property(scope, names, access, (given, place, how) => {
        expect(allows(given, place, how)).toBe(mayAt(given, place, how))
      }),
      { numRuns: 5000 },
    )
  })

  it('on a whole directory are rights on everything in it', () => {
    fc.assert(
      fc.property(scope, names, access, (given, place, how) => {
        const obvious = everythingAt(place)
          .filter((each) => !isNamesake(given, place, each))
          .every((each) => mayAt(given, each, how))
        expect(allowsWhole(given, place, how)).toBe(obvious)
      }),
      { numRuns: 300 },
    )
  })

  it('show what may be read, and the way there', () => {
    fc.assert(
      fc.property(scope, names, (given, place) => {
        expect(isVisible(given, place)).toBe(seesAt(given, place))
        const seen = visibleNames(given, place)
        const obvious = alphabet.filter((name) => seesAt(given, [...place, name]))
        if (seen === 'all') expect(mayAt(given, place, 'read')).toBe(true)
        else expect(seen === 'nothing' ? [] : [...seen].sort()).toEqual(obvious.sort())
      }),
      { numRuns: 3000 },
    )
  })

  it('are the same within the part of them that is sent for a place', () => {
    fc.assert(
      fc.property(scope, names, names, access, (given, place, below, how) => {
        const part = scopeAt(given, place)
        const there = [...place, ...below]
        expect(allows(part, there, how)).toBe(allows(given, there, how))
        expect(allowsWhole(part, there, how)).toBe(allowsWhole(given, there, how))
        expect(visibleNames(part, there)).toEqual(visibleNames(given, there))
        expect(scopeAt(part, there)).toEqual(scopeAt(given, there))
      }),
      { numRuns: 3000 },
    )
  })

  it('are everything for admins, and nothing without a grant', () => {
    expect([allows(fullScope, ['x'], 'write'), allowsWhole(fullScope, [], 'write')]).toEqual([true, true])
    expect([visibleNames(fullScope, []), visibleNames(emptyScope, [])]).toEqual(['all', 'nothing'])
    expect(allows(emptyScope, [], 'read')).toBe(false)
  })

  it.each(['Boss', 'BOSS', 'boss.', 'boss ', 'boss. .', 'boss:stream', 'ｂｏｓｓ', 'boſs'])(
    'on a closed home do not come by another spelling: %s',
    (name) => {
      const all = { names: [], read: true, write: true }
      const given: Scope = { all: false, reaches: [all], closed: [['homes', 'boss']] }
      expect(allows(given, ['homes', name, 'diary'], 'read')).toBe(false)
      expect(allows(given, ['homes', 'bosse'], 'read')).toBe(true)
      expect(allowsWhole(given, ['HOMES'], 'write')).toBe(false)
    },
  )

  it('are worked out quickly for a long listing', () => {
    const reaches = Array.from({ length: 200 }, (_, n) => ({
      names: ['shows', `show-${n}`],
      read: true,
      write: false,
    }))
    const closed = Array.from({ length: 100 }, (_, n) => ['homes', `user-${n}`])
    const given: Scope = { all: false, reaches, closed }
    let seen = 0
    for (let n = 0; n < 20_000; n += 1)
      if (allows(given, ['shows', `show-${n % 400}`, 'x'], 'read')) seen += 1
    expect(seen).toBe(10_000)
  })
})
