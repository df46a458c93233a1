import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, headerBytes, ProtocolError, ZeroDigests } from '../index.js'
import { chunkFrame, hash, kept, plain, World } from '../world.fixture.js'

const mib = 1024 * 1024

/** A file whose chunks are data where the pattern says so, and a bit more. */
function patterned(pattern: readonly boolean[], tail: number): Buffer {
  const data = Buffer.alloc(pattern.length * mib + tail)
  for (const [i, full] of pattern.entries()) if (full) data.fill(i + 1, i * mib, (i + 1) * mib)
  return data
}

function run(world: World, choices: readonly number[]): void {
  world.sender.offer([4])
  world.receiver.offer([{ index: 4 }])
  world.sender.finish()
  world.receiver.finish()
  for (let i = 0; world.step(choices[i % choices.length] ?? 0); i++) if (i > 900) throw new Error('endless')
}

describe('chunks of zeros', () => {
  it('are not sent, and count like any others, in whatever order things happen', () => {
    const patterns = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
    const tails = fc.constantFrom(0, 1, 5000)
    const choices = fc.array(fc.nat(5), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(patterns, tails, choices, (pattern, tail, order) => {
        const world = new World()
        const data = patterned(pattern, tail)
        world.source.set('f', data)
        run(world, order)
        const sent = pattern.filter((full) => full).length * mib
        expect(world.outcomes).toMatchObject([
          { status: 'done', files: 1, size: data.length, sent, skipped: data.length - sent },
        ])
        expect(world.target.get('f')?.equals(data)).toBe(true)
        expect(world.finished).toBe(2)
      }),
      { numRuns: 25 },
    )
  })

  it.each([
    ['the same', 'the same', true],
    ['data', 'a hole', false],
    ['a hole', 'data', false],
  ])('%s at the source and %s at the target are compared rightly', (here, there, same) => {
    const world = new World()
    world.mode = 'contents'
    world.source.set('f', patterned([true, here === 'data', true], 0))
    world.target.set('f', patterned([true, there === 'data', true], 0))
    run(world, [0])
    expect(world.outcomes).toMatchObject([
      { status: 'done', skipped: same ? 3 * mib : here === 'data' ? 0 : mib },
    ])
    expect(world.target.get('f')?.equals(world.source.get('f') ?? Buffer.alloc(0))).toBe(true)
  })

  it('that the receiver holds after an interruption are only confirmed', () => {
    const world = new World()
    const data = patterned([true, false, false, true, false], 0)
    world.source.set('f', data)
    world.sender.offer([4])
    world.receiver.offer([{ index: 4 }])
    while (world.checks.length === 0) world.step(0)
    for (const file of world.checks.splice(0)) {
      for (const index of [0, 1]) file.hold(index, hash(data.subarray(index * mib, (index + 1) * mib)))
      world.parts.set(file, Buffer.from(data))
      world.receiver.wanted(file)
    }
    run(world, [0])
    expect(world.outcomes).toMatchObject([{ status: 'done', sent: mib, skipped: 4 * mib }])
  })
})

describe('a receiver', () => {
  const wanted = (size: number, count = 1) => {
    const world = new World()
    world.receiver.offer([{ index: 1 }])
    const entries = Array.from({ length: count }, (_, i) => ({
      ...plain,
      id: i + 1,
      task: 1,
      path: `${i}`,
      size,
    }))
    world.receiver.receive({ type: 'entries', entries })
    for (const file of world.checks.splice(0)) world.receiver.wanted(file)
    return world
  }
  const zeros = (start: number, count: number, id = 1) => ({ type: 'zeros' as const, id, start, count })

  it.each([
    ['of a file that is small', 1000, [zeros(0, 1)]],
    ['beyond the end', 2 * mib, [zeros(1, 2)]],
    ['none', 2 * mib, [zeros(1, 0)]],
    ['twice', 2 * mib, [zeros(0, 1), zeros(0, 2)]],
    ['of a file that was never announced', 2 * mib, [zeros(0, 1, 2)]],
  ])('cuts a peer off for zeros %s', (_, size, frames) => {
    const world = wanted(size)
    expect(() => {
      for (const frame of frames) world.receiver.receive(frame)
    }).toThrow(ProtocolError)
  })

  it('cuts a peer off for data where it said that zeros are, or another digest of all', () => {
    const world = wanted(2 * mib)
    world.receiver.receive(zeros(0, 1))
    const again = chunkFrame(1, 0, Buffer.alloc(mib, 1))
    expect(() => world.receiver.data(again.readUInt8(4), kept(again.subarray(headerBytes)))).toThrow(
      ProtocolError,
    )
    world.receiver.receive(zeros(1, 1))
    expect(() => world.receiver.receive({ type: 'fileEnd', id: 1, digest: hash(Buffer.alloc(3)) })).toThrow(
      ProtocolError,
    )
  })

  it('keeps no digests without end for a peer that begins huge files', () => {
    const tebibyte = 1024 ** 4
    const world = wanted(20 * tebibyte, 3)
    const begin = (id: number) => world.receiver.receive(zeros(0, 1, id))
    begin(1)
    expect(() => begin(2)).toThrow('too many chunks at a time')
  })
})

it('the digest of zeros is that of the hash, and is computed once', () => {
  let hashed = 0
  const digests = new ZeroDigests((bytes) => {
    hashed++
    return hash(bytes)
  })
  for (let i = 0; i < 3; i++) expect(digests.of(5000)).toEqual(hash(Buffer.alloc(5000)))
  expect(hashed).toBe(1)
  expect(decode(25, Buffer.from('0100000002000000ffffffff', 'hex'))).toEqual(zeros(1, 2, 0xffff_ffff))
})

function zeros(id: number, start: number, count: number) {
  return { type: 'zeros', id, start, count }
}
