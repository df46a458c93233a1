import { chunkBytes, chunkCount, chunkLength } from '@waybill/asc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash128 } from '../transfer/hash.js'
import { WholeDigest } from './whole-digest.js'

const chunk = chunkBytes(1)

/** Contents with holes in them. */
function contents(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let index = 0; index < chunkCount(size); index++) {
    if (index % 3 === 1) continue
    bytes.fill(`chunk ${index} `, index * chunk, Math.min(size, (index + 1) * chunk))
  }
  return bytes
}

function over(bytes: Buffer): WholeDigest {
  return new WholeDigest(bytes.length, async (index, buffer) => {
    await new Promise(setImmediate)
    bytes.copy(buffer, 0, index * chunk, index * chunk + chunkLength(bytes.length, index))
  })
}

describe('the checksum of a whole file', () => {
  it('is the same in whatever order its chunks are written, or not told of', async () => {
    const sizes = fc.integer({ min: 1, max: 7 * chunk })
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.nat(99)), async (size, numbers) => {
        const bytes = contents(size)
        const digest = over(bytes)
        const left = Array.from({ length: chunkCount(size) }, (_, index) => index)
        for (const number of numbers) {
          const [index] = left.splice(number % left.length, 1)
          if (index === undefined) break
          const data = Buffer.from(bytes.subarray(index * chunk, (index + 1) * chunk))
          if (number % 5 === 0) continue
          if (index % 3 === 1) digest.zeros(index, 1)
          else digest.written(index, data)
          data.fill(255)
          if (number % 4 === 0) await new Promise(setImmediate)
        }
        expect(await digest.finish()).toBe(hash128(bytes).toString('hex'))
      }),
      { numRuns: 30 },
    )
  })

  it('is of what was written last', async () => {
    const bytes = contents(3 * chunk)
    const digest = over(bytes)
    digest.written(0, Buffer.alloc(chunk, 1))
    digest.written(0, bytes.subarray(0, chunk))
    expect(await digest.finish()).toBe(hash128(bytes).toString('hex'))
  })

  it('is not had of what cannot be read', async () => {
    const digest = new WholeDigest(2 * chunk, () => Promise.reject(new Error('gone')))
    digest.written(1, Buffer.alloc(chunk))
    await expect(digest.finish()).rejects.toThrow('gone')
  })

  it('of a long hole lets others have their turn', async () => {
    const size = 200 * chunk
    const digest = over(Buffer.alloc(size))
    let turns = 0
    const count = () => {
      turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    digest.zeros(0, 200)
    expect(await digest.finish()).toBe(hash128(Buffer.alloc(size)).toString('hex'))
    clearImmediate(counting)
    expect(turns).toBeGreaterThan(1)
  })
})
