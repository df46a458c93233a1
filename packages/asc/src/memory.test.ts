import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { decode, type Found, headerBytes, maxOutstanding } from './index.js'
import { plain, World } from './world.fixture.js'

setFlagsFromString('--expose-gc')

/** Memory in use, garbage not counted; MB. */
function inUse(): number {
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed / 1024 / 1024
}

/** Entry `i` of a tree without end; each fourth has another name further on, and some carry attributes. */
function found(i: number): Found {
  const entry = { ...plain, path: `folder-${i >> 10}/a-file-with-a-name-of-usual-length-${i}.mov`, size: i }
  if (i % 50 === 0) return { ...entry, extended: [{ name: 'user.colour', value: Buffer.from('blue') }] }
  return i % 4 < 2 ? { ...entry, inode: { key: `1:${i - (i % 4)}`, names: 2 } } : entry
}

it('both sides hold as much for very many entries as for some', () => {
  const world = new World()
  const total = 200_000
  const look = 40_000
  world.sender.offer([1])
  world.receiver.offer([{ index: 1 }])
  let sent = 0
  let most = 0
  let longest = 0
  const held: number[] = []
  while (world.outcomes.length === 0 || world.sender.outstanding > 0) {
    for (const frame of world.toSender.splice(0)) {
      world.sender.receive(decode(frame.readUInt8(4), frame.subarray(headerBytes)))
    }
    while (sent < total && world.sender.toScan() !== undefined) {
      const count = Math.min(256, world.sender.room, total - sent)
      world.sender.announce(
        1,
        Array.from({ length: count }, () => found(sent++)),
      )
      if (sent % look < count) held.push(inUse())
    }
    if (sent === total && world.sender.toScan() !== undefined) world.sender.scanned(1, '', '')
    most = Math.max(most, world.sender.outstanding)
    longest = Math.max(longest, world.toReceiver.length)
    for (const frame of world.toReceiver.splice(0)) {
      world.receiver.receive(decode(frame.readUInt8(4), frame.subarray(headerBytes)))
    }
    for (const file of world.checks.splice(0)) world.receiver.skipped(file)
    world.linked.splice(0)
    world.receiver.flush()
  }
  expect(world.outcomes).toMatchObject([{ status: 'done', files: total }])
  expect(most).toBeLessThan(maxOutstanding)
  expect(longest).toBeLessThan(maxOutstanding)
  expect(world.sender.outstanding).toBe(0)
  // Most that is held is the window, which is full each time.
  expect(Math.max(...held.slice(1)) - (held[0] ?? 0)).toBeLessThan(8)
})
