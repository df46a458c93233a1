import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerBytes } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import { hash } from '../world.fixture.js'
import { BlockIndex } from './block-index.js'
import { apply, blocksOf, noise } from './delta.fixture.js'
import {
  checkPatch,
  findParts,
  margins,
  type PatchPart,
  patchFrameBytes,
  readPatch,
  writePatch,
} from './patch.js'

function indexOf(older: Buffer): BlockIndex {
  const index = new BlockIndex(older.length)
  index.add(blocksOf(older, hash))
  return index
}

/** The patch for the bytes from `from` to `to` of a file, through the codec. */
function patchOf(older: Buffer, whole: Buffer, from: number, to: number) {
  const index = indexOf(older)
  const { before, after } = margins(index.sizes)
  const first = Math.max(0, from - before)
  const data = whole.subarray(first, to + after)
  const parts = findParts(index, { data, from: from - first, to: to - first }, hash)
  const chunk = whole.subarray(from, to)
  const frame = writePatch(
    Buffer.alloc(patchFrameBytes(parts)),
    { id: 7, index: 3, digest: hash(chunk) },
    parts,
    chunk,
  )
  return readPatch(frame.subarray(headerBytes))
}

describe('a patch', () => {
  const edit = fc.record({
    at: fc.nat(399_999),
    remove: fc.nat(9000),
    insert: fc.nat(9000),
    seed: fc.nat(50),
  })

  it('makes the new bytes of the old ones, whatever was changed', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 4 }), fc.nat(400_000), fc.nat(400_000), (edits, a, b) => {
        const older = noise(400_000, 1)
        let newer = older
        for (const { at, remove, insert, seed } of edits) {
          newer = Buffer.concat([newer.subarray(0, at), noise(insert, seed + 2), newer.subarray(at + remove)])
        }
        const from = Math.min(a, b, newer.length)
        const to = Math.min(Math.max(a, b), newer.length)
        const patch = patchOf(older, newer, from, to)
        if (patch.parts.length === 0) return
        checkPatch(patch, to - from, older.length)
        expect(apply(patch, older).equals(newer.subarray(from, to))).toBe(true)
        // What was not changed is not sent, but for blocks that a change touches and those until cuts are in step.
        const changed = edits.reduce((sum, { insert }) => sum + insert + 100_000, 0)
        expect(patch.bytes).toBeLessThan(changed + 1000)
      }),
      { numRuns: 60 },
    )
  })

  it('of the same bytes is a few copies, wherever they moved to', () => {
    const older = noise(300_000, 1)
    const newer = Buffer.concat([noise(4096, 9), older])
    const patch = patchOf(older, newer, 100_000, 200_000)
    expect(patch.literals.length).toBe(0)
    expect(patch.parts).toEqual([{ literal: 0, offset: 100_000 - 4096, length: 100_000 }])
  })

  it('of something else altogether has no parts', () => {
    expect(patchOf(noise(300_000, 1), noise(300_000, 2), 0, 100_000).parts).toEqual([])
  })

  it('of zeros, all of whose blocks are the same, is short', () => {
    const patch = patchOf(Buffer.alloc(300_000), Buffer.alloc(300_000), 0, 200_000)
    expect(patch.bytes).toBeLessThan(3000)
    expect(apply(patch, Buffer.alloc(300_000)).equals(Buffer.alloc(200_000))).toBe(true)
  })

  const part = fc.record({ literal: fc.nat(300), length: fc.nat(0xffff_ffff), offset: fc.maxSafeNat() })

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts: PatchPart[]) => {
        // Only literals are taken from the chunk: copies of gigabytes need no memory.
        const chunk = noise(40 * 300, 4)
        const literal = parts.reduce((sum, { literal: bytes }) => sum + bytes, 0)
        const near = parts.map((item) => ({ ...item, length: item.length % 10 }))
        const frame = writePatch(
          Buffer.alloc(patchFrameBytes(near)),
          { id: 1, index: 2, digest: hash(chunk) },
          near,
          Buffer.concat([chunk, chunk]),
        )
        const patch = readPatch(frame.subarray(headerBytes))
        expect(patch).toMatchObject({ id: 1, index: 2, parts: near, bytes: frame.length - headerBytes })
        expect(patch.literals.length).toBe(literal)
      }),
    )
  })

  it('that is random, or changed on the way, throws nothing but protocol errors', () => {
    const good = patchOf(noise(300_000, 1), noise(300_000, 1), 50_000, 90_000)
    const frame = writePatch(Buffer.alloc(500), { ...good, id: 1 }, good.parts, Buffer.alloc(0))
    const mutated = fc
      .array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { maxLength: 6 })
      .map((changes) => {
        const bytes = Buffer.from(frame)
        for (const [at, value] of changes) bytes[at] = value
        return bytes.subarray(headerBytes)
      })
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        try {
          checkPatch(readPatch(bytes), 40_000, 300_000)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })

  const of = (...parts: PatchPart[]) => ({
    id: 1,
    index: 0,
    digest: hash(good),
    parts,
    literals: good,
    bytes: 9,
  })
  const good = Buffer.alloc(0)
  it.each([
    ['copies from beyond the end', of({ literal: 0, offset: 999, length: 2 })],
    ['makes too much', of({ literal: 0, offset: 0, length: 1000 }, { literal: 0, offset: 0, length: 1000 })],
    ['makes too little', of({ literal: 0, offset: 0, length: 10 })],
    ['makes nothing', of()],
    [
      'copies from where no file can be',
      of({ literal: 0, offset: Number.MAX_SAFE_INTEGER, length: 0xffff_ffff }),
    ],
  ])('that %s is refused', (_what, patch) => {
    expect(() => checkPatch(patch, 1001, 1000)).toThrow(ProtocolError)
  })
})

describe('an index of blocks', () => {
  it('finds each block, however many there are', () => {
    const older = noise(40_000_000, 6)
    const index = indexOf(older)
    expect(index.complete).toBe(true)
    const { data, from, to } = { data: older.subarray(9_000_000), from: 100_000, to: 1_000_000 }
    expect(findParts(index, { data, from, to }, hash)).toEqual([
      { literal: 0, offset: 9_100_000, length: 900_000 },
    ])
  })

  const block = (length: number) => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt32LE(length)
    return bytes
  }
  it.each<[string, number[]]>([
    ['too short', [100, 4000]],
    ['empty', [0]],
    ['too long', [70_000]],
    ['more than the file has', [...Array.from({ length: 25 }, () => 4000), 2048]],
    ['more than it has with a short one', [4000, 4_000_000_000]],
  ])('refuses blocks that are %s', (_what, lengths) => {
    const index = new BlockIndex(100_000)
    expect(() => index.add(Buffer.concat(lengths.map(block)))).toThrow(ProtocolError)
  })

  it('takes any blocks that add up, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 }), (lengths) => {
        const index = new BlockIndex(100_000)
        let sum = 0
        try {
          for (const length of lengths) {
            index.add(block(length))
            sum += length
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
        expect(sum).toBeLessThanOrEqual(100_000)
        expect(index.complete).toBe(sum === 100_000)
      }),
    )
  })
})
