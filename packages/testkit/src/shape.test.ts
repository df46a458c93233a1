import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tops = ['packages', 'tests', 'bench', 'demo']
const code = /\.(?:ts|js|mjs)$/
const besideSource = /\.(?:test|fixture)\.ts$/

const folderLimit = 15
const lineLimit = 400
const testLineLimit = 500
const medianLimit = 110

interface Folder {
  readonly path: string
  readonly files: readonly string[]
}

/** Every folder beneath `path`, what is installed or built excepted. */
function foldersOf(path: string): Folder[] {
  const entries = readdirSync(path, { withFileTypes: true })
  const inner = entries.filter(
    (entry) => entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name),
  )
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return [{ path: relative(root, path), files }, ...inner.flatMap(({ name }) => foldersOf(join(path, name)))]
}

const folders = tops.flatMap((top) => foldersOf(join(root, top)))
const sources = folders.flatMap(({ path, files }) =>
  files.filter((name) => code.test(name)).map((name) => join(path, name)),
)

function linesOf(path: string): number {
  return readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length
}

test(`no folder has more than ${folderLimit} source files`, () => {
  const crowded = folders
    .map(({ path, files }) => ({
      path,
      count: files.filter((name) => code.test(name) && !besideSource.test(name)).length,
    }))
    .filter(({ count }) => count > folderLimit)
  expect(crowded).toEqual([])
})

test(`no source file has more than ${lineLimit} lines, no test more than ${testLineLimit}`, () => {
  const long = sources
    .map((path) => ({ path, lines: linesOf(path) }))
    .filter(({ path, lines }) => lines > (path.endsWith('.test.ts') ? testLineLimit : lineLimit))
  expect(long).toEqual([])
})

test(`half of the source files have less than ${medianLimit} lines`, () => {
  const lengths = sources
    .filter((path) => !besideSource.test(path))
    .map(linesOf)
    .sort((a, b) => a - b)
  expect(lengths.length).toBeGreaterThan(100)
  expect(lengths[Math.trunc(lengths.length / 2)]).toBeLessThan(medianLimit)
})

test('names are in kebab case and say what a thing is about', () => {
  const words = sources.flatMap((path) => path.split('/'))
  const vague = /^(?:utils?|common|helpers?|misc)(?:\.|$)/
  expect(words.filter((word) => vague.test(word))).toEqual([])
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.(?:ts|js|mjs)$/
  expect(sources.filter((path) => !kebab.test(basename(path)))).toEqual([])
})

test('each package has an entry in the build, and a version like the others', () => {
  const build = readFileSync(join(root, 'tsconfig.json'), 'utf8')
  const packages = readdirSync(join(root, 'packages'))
  const versions = packages.map((name): unknown => {
    expect(build).toContain(`packages/${name}"`)
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    return typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? manifest.version
      : null
  })
  expect(new Set(versions).size).toBe(1)
})
