import { linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  allows,
  type FilesWalk,
  fullScope,
  isVisible,
  type Names,
  type Scope,
  type WalkEntry,
} from '@waybill/api'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { holdPath } from './place.js'
import { type PageLimits, pageLimits, Walk } from './walk.js'

/** A tree as it was made: sizes of files by name, and directories. */
type Tree = { readonly [name: string]: Tree | number }

const name = fc.constantFrom('a', 'b', 'B', 'c.mov', 'ä', 'x y')
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 50 }), tie('tree')), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
})).tree
const names = fc.array(name, { maxLength: 3 })
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant(fullScope),
  fc.record({
    all: fc.constant(false),
    reaches: fc.array(fc.record({ names, read: fc.boolean(), write: fc.boolean() }), { maxLength: 4 }),
    closed: fc.array(names, { maxLength: 2 }),
  }),
)
const options = fc.record({
  depth: fc.constantFrom(0, 1, 2, 100),
  sizes: fc.boolean(),
  only: fc.constantFrom('all' as const, 'files' as const, 'directories' as const),
  include: fc.constantFrom('', '', '*.mov', 'a'),
  exclude: fc.constantFrom('', '', 'b', '*.mov'),
  skip: fc.nat({ max: 3 }),
  limit: fc.option(fc.nat({ max: 3 }), { nil: null }),
})

const time = new Date(Date.UTC(2026, 0, 22, 8, 35, 59))

function build(path: string, tree: Tree): void {
  mkdirSync(path)
  symlinkSync('/etc', join(path, 'link'))
  writeFileSync(join(path, `.waybill-${'0'.repeat(32)}.part`), 'unfinished')
  for (const [name, what] of Object.entries(tree)) {
    if (typeof what === 'number') writeFileSync(join(path, name), 'x'.repeat(what))
    else build(join(path, name), what)
    utimesSync(join(path, name), time, time)
  }
}

interface Node {
  readonly type: 'file' | 'directory'
  readonly name: string
  readonly size: number
  readonly files?: readonly Node[]
}

/** What a walk has to tell, in the plainest way: the whole tree, and then whatever is not wanted left out. */
function model(
  tree: Tree,
  scope: Scope,
  asked: FilesWalk,
): { readonly nodes: Node[]; readonly size: number } {
  const fits = (filter: string, name: string, path: string): boolean =>
    filter !== '' &&
    [name.toLowerCase(), path.toLowerCase()].some((text) =>
      filter === '*.mov' ? text.endsWith('.mov') : text === filter,
    )
  const chosen = (name: string, path: string): boolean =>
    fits(asked.include, name, path) ||
    (asked.include !== '' && asked.exclude === '' ? false : !fits(asked.exclude, name, path))
  const entered = (name: string, path: string): boolean =>
    fits(asked.include, name, path) || !fits(asked.exclude, name, path)
  const sizeOf = (tree: Tree, above: Names, path: string): number =>
    Object.entries(tree).reduce((sum, [name, what]) => {
      const here = path === '' ? name : `${path}/${name}`
      const all = [...above, name]
      if (typeof what === 'number') {
        return allows(scope, all, 'read') && chosen(name, here) ? sum + what : sum
      }
      return isVisible(scope, all) && entered(name, here) ? sum + sizeOf(what, all, here) : sum
    }, 0)
  const list = (tree: Tree, above: Names, path: string, depth: number): Node[] =>
    Object.keys(tree)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((name): Node[] => {
        const what = tree[name] ?? 0
        const here = path === '' ? name : `${path}/${name}`
        const all = [...above, name]
        if (typeof what === 'number') {
          const shown = asked.only !== 'directories' && allows(scope, all, 'read') && chosen(name, here)
          return shown ? [{ type: 'file', name, size: what }] : []
        }
        if (!isVisible(scope, all) || !entered(name, here)) return []
        const size = asked.sizes ? sizeOf(what, all, here) : 0
        const shown = asked.only !== 'files' && chosen(name, here)
        if (depth === 1) return shown ? [{ type: 'directory', name, size }] : []
        const files = list(what, all, here, depth - 1)
        return shown || files.length > 0 ? [{ type: 'directory', name, size, files }] : []
      })
  if (asked.depth === 0) return { nodes: [], size: sizeOf(tree, asked.names, '') }
  const nodes = list(tree, asked.names, '', asked.depth)
  const end = asked.limit === null ? undefined : asked.skip + asked.limit
  return { nodes: nodes.slice(asked.skip, end), size: sizeOf(tree, asked.names, '') }
}

function collect(walk: Walk, limits: PageLimits): { nodes: Node[]; size: number; pages: number } {
  const top: Node[] = []
  const stack: { readonly name: string; readonly files: Node[] }[] = []
  const into = (): Node[] => stack.at(-1)?.files ?? top
  let size = 0
  let pages = 0
  const take = (entry: WalkEntry): void => {
    if (entry.type === 'enter') {
      expect(entry.modified).toBe(time.getTime())
      stack.push({ name: entry.name, files: [] })
    } else if (entry.type === 'leave') {
      const left = stack.pop()
      if (left === undefined) throw new Error('left what was not entered')
      into().push({ type: 'directory', name: left.name, size: entry.size, files: left.files })
    } else {
      expect(entry.modified).toBe(time.getTime())
      into().push({ type: entry.type, name: entry.name, size: entry.size })
    }
  }
  for (let done = false; !done; pages++) {
    const page = walk.page(limits)
    page.entries.forEach(take)
    ;({ size, done } = page)
  }
  expect(stack).toEqual([])
  return { nodes: top, size, pages }
}

function ask(more: Partial<FilesWalk> = {}): FilesWalk {
  const all = { sizes: false, only: 'all', include: '', exclude: '', skip: 0, limit: null, depth: 1 } as const
  const where = { root: '', exact: false, path: '', walk: '', scope: fullScope, names: [] }
  return { ...where, ...all, ...more }
}

it('tells what the plainest listing of a whole tree would tell of what may be seen, sizes too', () => {
  const base = tempDirectory('walk')
  let count = 0
  fc.assert(
    fc.property(
      tree,
      scope,
      names,
      options,
      fc.constantFrom(1, 3, 1000),
      (tree, scope, at, more, entries) => {
        const root = join(base, String(count++))
        build(root, tree)
        const asked = ask({ ...more, scope, names: at })
        if (!isVisible(scope, at)) return
        const walk = new Walk(holdPath({ root, exact: false }, ''), asked)
        try {
          const { nodes, size } = collect(walk, { ...pageLimits, entries, ms: 10_000 })
          const expected = model(tree, scope, asked)
          expect(nodes).toEqual(expected.nodes)
          if (asked.depth === 0) expect(size).toBe(expected.size)
        } finally {
          walk.close()
        }
      },
    ),
    { numRuns: 150 },
  )
})

it('tells of the directories above one that was chosen by its name', () => {
  const root = join(tempDirectory('chosen'), 'root')
  build(root, { a: { 'c.mov': { d: 1 } }, b: { d: 1 } })
  const walk = new Walk(holdPath({ root, exact: false }, ''), ask({ depth: 100, include: '*.mov' }))
  const chosen = { type: 'directory', name: 'c.mov', size: 0, files: [] }
  expect(collect(walk, pageLimits).nodes).toEqual([
    { type: 'directory', name: 'a', size: 0, files: [chosen] },
  ])
  walk.close()
})

it('holds few entries and names of a directory of 100,000', () => {
  const root = tempDirectory('many')
  const many = 100_000
  for (let number = 0; number < many; number++) {
    const path = join(root, `frame.${number}.exr`)
    // Links are quicker made than files; some systems take some 10,000 to one file.
    if (number < 10) writeFileSync(path, '')
    else linkSync(join(root, `frame.${number % 10}.exr`), path)
  }
  const walk = new Walk(holdPath({ root, exact: false }, ''), ask(), { names: 30_000 })
  const seen: string[] = []
  let mostHeld = 0
  for (let done = false; !done; ) {
    const page = walk.page({ ...pageLimits, ms: 10_000 })
    expect(page.entries.length).toBeLessThanOrEqual(1000)
    for (const entry of page.entries) if (entry.type === 'file') seen.push(entry.name)
    mostHeld = Math.max(mostHeld, walk.held)
    ;({ done } = page)
  }
  expect(seen).toHaveLength(many)
  expect(seen).toEqual([...seen].sort())
  expect(mostHeld).toBeLessThanOrEqual(2 * 30_000)
})

it('goes on while others exchange directories for links', () => {
  const root = tempDirectory('swap')
  const outside = tempDirectory('outside')
  writeFileSync(join(outside, 'secret'), 'x')
  for (const letter of ['a', 'b', 'c']) {
    mkdirSync(join(root, letter, 'inner'), { recursive: true })
    writeFileSync(join(root, letter, 'inner', 'file'), '')
  }
  const walk = new Walk(holdPath({ root, exact: false }, ''), ask({ depth: 100 }))
  const told: string[] = []
  let swapped = 0
  for (let done = false; !done; ) {
    const page = walk.page({ ...pageLimits, entries: 1, ms: 10_000 })
    for (const entry of page.entries) if ('name' in entry) told.push(entry.name)
    ;({ done } = page)
    // The directory that it is about to enter, or is in.
    const letter = ['a', 'b', 'c'][swapped++]
    if (letter === undefined) continue
    renameAway(join(root, letter, 'inner'))
    symlinkSync(outside, join(root, letter, 'inner'))
  }
  expect(told).not.toContain('secret')
  expect(told).toContain('b')
})

function renameAway(path: string): void {
  renameSync(path, join(dirname(path), '..', `away-${Math.random()}`))
}
