import { describe, expect, it } from 'vitest'
import {
  decode,
  type Entry,
  encode,
  headerBytes,
  maxControlFrame,
  maxExtended,
  ProtocolError,
} from '../index.js'
import { plain, World } from '../world.fixture.js'

const entry: Entry = { ...plain, id: 1, task: 1, path: 'f', size: 3 }
const value = (bytes: number) => Buffer.alloc(bytes, 1)
const decoded = (entries: readonly Entry[]) => {
  const frame = encode({ type: 'entries', entries })
  return decode(frame.readUInt8(4), frame.subarray(headerBytes))
}

describe('extended attributes', () => {
  it('outlive the frame that they came in', () => {
    const frame = encode({
      type: 'entries',
      entries: [{ ...entry, extended: [{ name: 'user.a', value: value(9) }] }],
    })
    const got = decode(frame.readUInt8(4), frame.subarray(headerBytes))
    frame.fill(0)
    expect(got).toMatchObject({ entries: [{ extended: [{ name: 'user.a', value: value(9) }] }] })
  })

  it.each([
    ['more than an entry may have', [{ name: 'user.a', value: value(maxExtended) }]],
    [
      'more than that together',
      Array.from({ length: 9 }, (_, i) => ({ name: `user.${i}`, value: value(8192) })),
    ],
    ['without a name', [{ name: '', value: value(1) }]],
    ['with NUL in its name', [{ name: 'user.\0', value: value(1) }]],
  ])('are refused: %s', (_, extended) => {
    expect(() => decoded([{ ...entry, extended }])).toThrow(ProtocolError)
  })

  it('of many files go in frames that are never too long, and scanning waits until they are settled', () => {
    const world = new World()
    world.sender.offer([1])
    world.sender.receive({ type: 'ready', tasks: [1] })
    const found = Array.from({ length: 100 }, (_, i) => ({
      ...plain,
      path: `f${i}`,
      size: 3,
      extended: [{ name: 'user.a', value: value(60_000) }],
    }))
    expect(world.sender.toScan()).toBe(1)
    world.sender.announce(1, found)
    world.sender.announce(1, found)
    expect(world.sender.toScan()).toBeUndefined()
    expect(Math.max(...world.toReceiver.map((frame) => frame.length))).toBeLessThan(maxControlFrame / 2)
    const answers = Array.from({ length: 200 }, (_, i) => ({ id: i + 1, verdict: 'skip' as const }))
    world.sender.receive({ type: 'answers', answers })
    expect(world.sender.toScan()).toBe(1)
  })

  it('of many open files are too many at some point', () => {
    const world = new World()
    world.receiver.offer([{ index: 1 }])
    const extended = [{ name: 'user.a', value: value(60_000) }]
    const entries = Array.from({ length: 700 }, (_, i) => ({ ...entry, id: i + 1, path: `${i}`, extended }))
    expect(() => world.receiver.receive({ type: 'entries', entries })).toThrow('too many attributes')
  })
})

it('paths of the greatest length go in frames that are never too long', () => {
  const world = new World()
  world.sender.offer([1])
  world.sender.receive({ type: 'ready', tasks: [1] })
  const path = `${'x'.repeat(250)}/`.repeat(16)
  world.sender.announce(
    1,
    Array.from({ length: 300 }, (_, i) => ({ ...plain, path: `${path}${i}`, size: 3 })),
  )
  expect(Math.max(...world.toReceiver.map((frame) => frame.length))).toBeLessThan(maxControlFrame)
})
