import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WriteQueue } from '../../transfer/chunks/write-queue.js'
import { DirectWrites } from './direct-writes.js'

let directory: string
let path: string
let fd: number
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'direct-'))
  path = join(directory, 'file')
  fd = openSync(path, 'w+')
})
afterEach(() => {
  closeSync(fd)
  rmSync(directory, { recursive: true })
})

/** Where the tests write; elsewhere there is nothing to try. */
const isSuited = process.platform === 'linux' && statfsSync(tmpdir()).type === 0xef53

function written(queue: WriteQueue, data: Buffer, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    queue.write(data, offset, false, (error) => (error === undefined ? resolve() : reject(error)))
  })
}

describe.skipIf(!isSuited)('writes past the cache (on ext4)', () => {
  it('are of whole blocks', async () => {
    const direct = DirectWrites.over(fd, path)
    expect(direct?.takes(4096, 8192)).toBe(true)
    expect(direct?.takes(4095, 8192)).toBe(false)
    expect(direct?.takes(4096, 8191)).toBe(false)
    await direct?.close()
  })

  it('leave the same as others, together with those', async () => {
    const block = 4096
    const piece = fc.record({
      at: fc.integer({ min: 0, max: 300 }),
      blocks: fc.integer({ min: 1, max: 600 }),
      odd: fc.constantFrom(0, 0, 1, 2000),
      fill: fc.integer({ min: 1, max: 255 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        const own = join(directory, 'own')
        const file = openSync(own, 'w+')
        const direct = DirectWrites.over(file, own)
        expect(direct).toBeDefined()
        const queue = new WriteQueue(file, direct)
        const expected = Buffer.alloc(block * 1000)
        let end = 0
        const all = pieces.map(({ at, blocks, odd, fill }) => {
          const data = Buffer.alloc(blocks * block + odd, fill)
          data.copy(expected, at * block)
          end = Math.max(end, at * block + data.length)
          return written(queue, data, at * block)
        })
        await Promise.all(all)
        await direct?.close()
        closeSync(file)
        expect(readFileSync(own).equals(expected.subarray(0, end))).toBe(true)
        rmSync(own)
      }),
      { numRuns: 15 },
    )
  })

  it('share their memory among many files', async () => {
    const data = Buffer.alloc(3_000_000 - (3_000_000 % 4096), 7)
    const names = Array.from({ length: 9 }, (_, index) => join(directory, String(index)))
    await Promise.all(
      names.map(async (name) => {
        const file = openSync(name, 'w+')
        const direct = DirectWrites.over(file, name)
        await written(new WriteQueue(file, direct), data, 0)
        await direct?.close()
        closeSync(file)
      }),
    )
    for (const name of names) expect(readFileSync(name).equals(data)).toBe(true)
  })

  it('are not made to another file that took the place', () => {
    renameSync(path, join(directory, 'away'))
    writeFileSync(path, 'another')
    expect(DirectWrites.over(fd, path)).toBeUndefined()
  })
})

it('a file that cannot be written so is written in the usual way', async () => {
  const direct = DirectWrites.over(fd, join(directory, 'missing'))
  expect(direct).toBeUndefined()
  await written(new WriteQueue(fd, direct), Buffer.alloc(8192, 3), 4096)
  expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(4096), Buffer.alloc(8192, 3)]))
})
