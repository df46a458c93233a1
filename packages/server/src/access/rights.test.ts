import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Grant } from './grants.js'
import { may, rightsFrom, type ShareFacts, visibleIn } from './rights.js'

const volume: ShareFacts = { id: 'v', kind: 'volume', parent: null, path: '/mnt/v' }
const other: ShareFacts = { id: 'o', kind: 'volume', parent: null, path: '/mnt/o' }
const folder: ShareFacts = { id: 'f', kind: 'folder', parent: 'v', path: 'a/b' }
const home: ShareFacts = { id: 'h', kind: 'home', parent: 'v', path: '/homes/lisa' }
const collection: ShareFacts = { id: 'c', kind: 'collection', parent: 'v', path: '' }
const shares = [volume, other, folder, home, collection]

const path = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ab', 'homes', 'lisa'), { maxLength: 4 })
  .chain((names) => fc.constantFrom('/', '').map((start) => start + names.join('/')))
const share = fc.constantFrom(...shares)
const grant: fc.Arbitrary<Grant> = fc.record({ path, read: fc.boolean(), write: fc.boolean() })
const granted = fc.array(fc.record({ share, grants: fc.array(grant, { minLength: 1, maxLength: 3 }) }), {
  maxLength: 3,
})

/** The slow and obvious way: one string per place, `/volume/names/`, and prefixes of it. */
function asText(at: ShareFacts, below: string): string {
  const parts =
    at.kind === 'folder' || at.kind === 'home' ? [at.parent ?? '', at.path, below] : [at.id, below]
  const text = `/${parts.join('/')}/`
  return text.replaceAll(/\/+/g, '/')
}

describe('rights on paths', () => {
  it('are what some ACL grants on the path or above it', () => {
    fc.assert(
      fc.property(
        granted,
        share,
        path,
        fc.constantFrom('read' as const, 'write' as const),
        (acls, at, below, access) => {
          const rights = rightsFrom({ role: 'employee', granted: acls, closedHomes: [] })
          const wanted = asText(at, below)
          // Through a collection nothing is written.
          const possible = access === 'read' || at.kind !== 'collection'
          const obvious = acls.some((acl) =>
            acl.grants.some(
              (each) => possible && each[access] && wanted.startsWith(asText(acl.share, each.path)),
            ),
          )
          expect(may(rights, at, below, access)).toBe(obvious)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('on a home of another operator come from the home itself only', () => {
    fc.assert(
      fc.property(granted, share, path, (acls, at, below) => {
        const rights = rightsFrom({ role: 'employee', granted: acls, closedHomes: [home] })
        const wanted = asText(at, below)
        const inside = wanted.startsWith(asText(home, ''))
        const obvious = acls.some((acl) =>
          acl.grants.some((each) => {
            const reach = asText(acl.share, each.path)
            return each.read && wanted.startsWith(reach) && (!inside || reach.startsWith(asText(home, '')))
          }),
        )
        expect(may(rights, at, below, 'read')).toBe(obvious)
      }),
      { numRuns: 2000 },
    )
  })

  it('show in a directory what may be read, and the way there', () => {
    fc.assert(
      fc.property(granted, share, path, fc.constantFrom('a', 'b', 'c', 'homes'), (acls, at, below, name) => {
        const rights = rightsFrom({ role: 'employee', granted: acls, closedHomes: [] })
        const child = asText(at, `${below}/${name}`)
        const obvious = acls.some((acl) =>
          acl.grants.some((each) => {
            const reach = asText(acl.share, each.path)
            return each.read && (child.startsWith(reach) || reach.startsWith(child))
          }),
        )
        const seen = visibleIn(rights, at, below)
        expect(seen === 'all' || (seen !== 'nothing' && seen.has(name))).toBe(obvious)
      }),
      { numRuns: 2000 },
    )
  })

  it('are all there for admins, within the share', () => {
    const rights = rightsFrom({ role: 'admin', granted: [], closedHomes: [] })
    expect(may(rights, folder, 'x', 'write')).toBe(true)
    expect(may(rights, folder, 'x/../../y', 'read')).toBe(false)
  })

  it('on a closed home do not come by another spelling of it', () => {
    const all = { path: '/', read: true, write: true }
    const granted = [{ share: volume, grants: [all] }]
    const rights = rightsFrom({ role: 'employee', granted, closedHomes: [home] })
    expect(may(rights, volume, 'homes/bob', 'read')).toBe(true)
    expect(may(rights, volume, 'Homes/LISA/diary', 'read')).toBe(false)
  })

  it('never follow a path upwards', () => {
    const all = { path: '/', read: true, write: true }
    const rights = rightsFrom({
      role: 'employee',
      granted: [{ share: folder, grants: [all] }],
      closedHomes: [],
    })
    expect(may(rights, folder, 'x/../y', 'read')).toBe(false)
    expect(may(rights, volume, 'a/b/../c', 'read')).toBe(false)
    expect(visibleIn(rights, volume, 'a/..')).toBe('nothing')
    expect(visibleIn(rights, volume, '')).toEqual(new Set(['a']))
  })
})
