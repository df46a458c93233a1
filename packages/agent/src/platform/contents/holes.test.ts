import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cLibrary } from '../native.js'
import { Holes } from './holes.js'
import { makeZero } from './punch.js'

const mib = 1024 * 1024
let dir: string
let fd: number
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waybill-holes-'))
  fd = openSync(join(dir, 'file'), 'w+')
})
afterEach(() => {
  closeSync(fd)
  rmSync(dir, { recursive: true })
})

const content = () => readFileSync(join(dir, 'file'))

it('what is said to be a hole reads as zeros, and the stretches cover the file', () => {
  const size = 20 * mib + 777
  for (const at of [0, 3, 4, 11, 19]) writeSync(fd, Buffer.alloc(mib / 2, 1), 0, mib / 2, at * mib)
  ftruncateSync(fd, size)
  const data = content()
  const holes = new Holes(fd, size)
  let hole = 0
  for (let at = 0; at < size; ) {
    const end = holes.holeEnd(at)
    if (end > at) {
      expect(data.subarray(at, end).every((byte) => byte === 0)).toBe(true)
      hole += end - at
      at = end
    } else {
      const dataEnd = holes.dataEnd(at)
      expect(dataEnd).toBeGreaterThan(at)
      at = dataEnd
    }
  }
  if (holes.known) expect(hole).toBeGreaterThan(15 * mib)
  // In any order, too.
  for (const at of [size - 1, 0, 12 * mib, 3 * mib]) {
    if (holes.holeEnd(at) > at) expect(data[at]).toBe(0)
  }
})

it('a file that is shorter than was thought is a hole, or data, and no endless loop', () => {
  writeSync(fd, Buffer.alloc(1000, 1), 0, 1000, 3 * mib)
  const holes = new Holes(fd, 10 * mib)
  expect(Math.max(holes.holeEnd(8 * mib), holes.dataEnd(8 * mib))).toBe(10 * mib)
})

it.each([
  [0, 8 * mib],
  [mib + 1, 3 * mib - 1],
  [4096, 8192],
  [7 * mib, 12 * mib],
])('from %i to %i can be made zeros, and nothing else changes', async (from, until) => {
  const before = Buffer.alloc(8 * mib, 5)
  before.fill(0, 2 * mib, 4 * mib)
  for (const at of [0, 1, 4, 5, 6, 7]) writeSync(fd, before, at * mib, mib, at * mib)
  const { blocks } = fstatSync(fd)
  await makeZero(fd, from, until)
  expect(content().equals(Buffer.from(before).fill(0, from, Math.min(until, before.length)))).toBe(true)
  expect(fstatSync(fd).size).toBe(8 * mib)
  // Where no hole can be made, zeros are written instead.
  if (process.platform === 'linux' && cLibrary() !== undefined) {
    expect(fstatSync(fd).blocks).toBeLessThanOrEqual(blocks)
  }
})
