import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDirectories } from './make-directories.js'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'make-directories-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

test('makes every missing level and names the topmost', () => {
  const path = join(base, 'a', 'b', 'c')
  expect(makeDirectories(path)).toBe(join(base, 'a'))
  expect(statSync(path).isDirectory()).toBe(true)
  expect(makeDirectories(path)).toBeUndefined()
})

test('a file in the way is an error', () => {
  writeFileSync(join(base, 'file'), '')
  expect(() => makeDirectories(join(base, 'file'))).toThrow('EEXIST')
  expect(() => makeDirectories(join(base, 'file', 'a', 'b'))).toThrow()
})

// Where Node's own recursive mkdir goes round for ever.
test.runIf(process.platform === 'linux')('a file system that takes no directories is an error', () => {
  expect(() => makeDirectories('/proc/nope/x/y')).toThrow('ENOENT')
})
