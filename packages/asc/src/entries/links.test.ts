import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, maxLinks, ProtocolError } from '../index.js'
import { plain, World } from '../world.fixture.js'
import { OutgoingLinks } from './links.js'

const file: Entry = { ...plain, id: 1, task: 1, path: 'a', size: 3, link: { first: 1, names: 3 } }
const alone: Entry = { ...plain, id: 1, task: 1, path: 'a', size: 3 }
const named = (id: number, path: string, first = 1): Entry => ({
  ...file,
  id,
  path,
  link: { first, names: 3 },
})

/** A receiver that was sent these entries. */
function receiver(entries: readonly Entry[], tasks = [1]): World {
  const world = new World()
  world.receiver.offer(tasks.map((index) => ({ index })))
  world.receiver.receive({ type: 'entries', entries })
  return world
}

const paths = (world: World) => world.checks.map(({ entry }) => entry.path)

describe('names of one file', () => {
  it('wait for the first, and are linked to it once it is there', () => {
    const world = receiver([file, named(2, 'b'), named(3, 'c')])
    expect(paths(world)).toEqual(['a'])
    for (const first of world.checks.splice(0)) world.receiver.skipped(first)
    expect(world.linked).toEqual([
      ['b', 'a'],
      ['c', 'a'],
    ])
  })

  it('that come later are linked at once', () => {
    const world = receiver([file])
    for (const first of world.checks.splice(0)) world.receiver.skipped(first)
    world.receiver.receive({ type: 'entries', entries: [named(2, 'b')] })
    expect(world.linked).toEqual([['b', 'a']])
  })

  it.each(['failed', 'withdrawn'])('take the part of a first one that %s', (how) => {
    const world = receiver([file, named(2, 'b'), named(3, 'c')])
    const [first] = world.checks.splice(0)
    if (first !== undefined && how === 'failed') world.receiver.failed(first, 'E#J057', 'no')
    else world.receiver.receive({ type: 'fileLost', id: 1, code: '', message: '' })
    expect(paths(world)).toEqual(['b'])
    for (const second of world.checks.splice(0)) world.receiver.skipped(second)
    expect(world.linked).toEqual([['c', 'b']])
  })

  it('by the thousand that all fail are settled one after the other', () => {
    const names = 4000
    const link = { first: 1, names }
    const entries = Array.from({ length: names }, (_, i) => ({ ...file, id: i + 1, path: `${i}`, link }))
    const world = receiver(entries)
    let failed = 0
    for (let next = world.checks.shift(); next !== undefined; next = world.checks.shift()) {
      world.receiver.failed(next, 'E#J057', 'no')
      failed++
    }
    expect(failed).toBe(names)
  })

  it('are let go of with their task', () => {
    const world = receiver([file, named(2, 'b')])
    world.receiver.cancel(1)
    expect(world.outcomes).toMatchObject([{ status: 'cancelled' }])
    for (const first of world.checks.splice(0)) world.receiver.skipped(first)
    expect(world.linked).toEqual([])
  })

  it('arrive as such, in whatever order things happen', () => {
    const tree = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      fc.tuple(fc.constantFrom(0, 5000, 262_144), fc.constantFrom(undefined, 'x', 'y')),
    )
    fc.assert(
      fc.property(tree, fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }), (files, choices) => {
        const world = new World()
        const contents = new Map<string, Buffer>()
        for (const [path, [size, key]] of Object.entries(files)) {
          const content = contents.get(key ?? path) ?? Buffer.alloc(size, path)
          contents.set(key ?? path, content)
          world.source.set(path, content)
          if (key !== undefined) world.names.set(path, key)
        }
        world.sender.offer([1])
        world.receiver.offer([{ index: 1 }])
        world.sender.finish()
        world.receiver.finish()
        for (let i = 0; world.step(choices[i % choices.length] ?? 0); i++)
          if (i > 500) throw new Error('endless')
        for (const [path, data] of world.source) expect(world.target.get(path)?.equals(data)).toBe(true)
        // Groups of up to three names: all but the first are links. A fourth is a first again.
        const groups = [...new Set(world.names.values())].map(
          (key) => [...world.names.values()].filter((one) => one === key).length,
        )
        const links = groups.reduce((sum, size) => sum + size - Math.ceil(size / 3), 0)
        expect(world.linked).toHaveLength(links)
        expect(world.outcomes).toMatchObject([{ status: 'done', files: world.source.size }])
        expect(world.finished).toBe(2)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a peer is cut off', () => {
  it('for a link to what it never sent, or sent in another task, or no first one', () => {
    expect(() => receiver([alone, named(2, 'b')])).toThrow(ProtocolError)
    expect(() => receiver([file, { ...named(2, 'b'), task: 2 }], [1, 2])).toThrow(ProtocolError)
    expect(() => receiver([file, named(2, 'b'), named(3, 'c', 2)])).toThrow(ProtocolError)
  })

  it('for more names than it said', () => {
    const entries = [file, named(2, 'b'), named(3, 'c'), named(4, 'd')]
    expect(() => receiver(entries)).toThrow('a link to a file that was never announced')
  })
})

describe('the memory for them', () => {
  it('is let go of once all names were seen, and with the task', () => {
    const links = new OutgoingLinks()
    for (let i = 0; i < 2 * maxLinks; i++) {
      const id = 2 * i + 1
      const inode = { key: `1:${i}`, names: 2 }
      if (links.describe(7, id, inode)?.first !== id) throw new Error('not remembered')
      if (links.describe(7, id + 1, inode)?.first !== id) throw new Error('forgotten')
    }
    expect(links.isNewlyFull(7)).toBe(false)
  })

  it('has an end, which is told once for a task', () => {
    const links = new OutgoingLinks()
    const inode = (i: number) => ({ key: `1:${i}`, names: 9 })
    for (let i = 0; i < maxLinks; i++) links.describe(7, i + 1, inode(i))
    expect(links.describe(8, maxLinks + 1, inode(maxLinks))).toBeUndefined()
    expect([links.isNewlyFull(8), links.isNewlyFull(8), links.isNewlyFull(7)]).toEqual([true, false, false])
    expect(links.describe(7, maxLinks + 2, inode(3))).toEqual({ first: 4, names: 9 })
    links.forget(7)
    expect(links.describe(8, maxLinks + 3, inode(maxLinks))).toEqual({ first: maxLinks + 3, names: 9 })
  })
})
