import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blockBytes, blockEnd, blockRun, blockSizes } from '@waybill/asc'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DirectoryTree } from '../../platform/directory-tree.js'
import { hash128 } from '../hash.js'
import { tellBlocks } from './blocks.js'
import { OlderFile } from './older-file.js'

const mib = 1024 * 1024
let directory: string
let tree: DirectoryTree

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'waybill-blocks-'))
  tree = new DirectoryTree(directory)
})

afterAll(() => {
  tree.close()
  rmSync(directory, { recursive: true })
})

function open(data: Buffer): OlderFile {
  writeFileSync(join(directory, 'file'), data)
  const file = OlderFile.open(tree, 'file')
  if (file === undefined) throw new Error('It cannot be opened')
  return file
}

const always = () => Promise.resolve(true)

it.each([
  ['a short one', randomBytes(1)],
  ['one that is read in one step', randomBytes(mib)],
  ['one that is read in several', randomBytes(3 * mib + 17)],
  ['one that takes several frames', Buffer.concat([randomBytes(32 * mib), randomBytes(8 * mib)])],
  ['one without any place to cut', Buffer.alloc(2 * mib + 5)],
])('the blocks of a file are told as they are cut in one piece: %s', async (_what, data) => {
  const file = open(data)
  const frames: Buffer[] = []
  expect(await tellBlocks(file, (blocks) => frames.push(blocks), always)).toBe(true)
  file.close()
  for (const { length } of frames) expect(length).toBeLessThanOrEqual(blockRun * blockBytes)
  const expected: Buffer[] = []
  for (let start = 0; start < data.length; ) {
    const end = blockEnd(data, start, data.length, blockSizes(data.length))
    const block = Buffer.alloc(blockBytes)
    block.writeUInt32LE(end - start)
    hash128(data.subarray(start, end)).copy(block, 4)
    expected.push(block)
    start = end
  }
  expect(Buffer.concat(frames).equals(Buffer.concat(expected))).toBe(true)
})

it('telling ends when the file turns out to be shorter, or nobody wants to know any more', async () => {
  const file = open(randomBytes(4 * mib))
  truncateSync(join(directory, 'file'), 2 * mib)
  expect(await tellBlocks(file, () => undefined, always)).toBe(false)
  expect(
    await tellBlocks(
      file,
      () => undefined,
      () => Promise.resolve(false),
    ),
  ).toBe(false)
  file.close()
  expect(await tellBlocks(file, () => undefined, always)).toBe(false)
})

it('what is no file cannot be an older one', () => {
  expect(OlderFile.open(tree, 'missing')).toBeUndefined()
  expect(OlderFile.open(tree, '')).toBeUndefined()
  expect([OlderFile.sizeAt(tree, 'missing'), OlderFile.sizeAt(tree, '')]).toEqual([0, 0])
})
