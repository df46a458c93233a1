import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../protocol-error.js'
import { flowIdBytes, mostSpan, tagBytes, windows } from './limits.js'
import { End, type LineOptions, plainSealer, randomOf, World } from './line.fixture.js'

const line: LineOptions = { delay: 20, rate: 5000, queue: 40 }
const rtt = 40

function randomBytes(length: number, seed = 7): Buffer {
  const random = randomOf(seed)
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = random() * 256
  return bytes
}

/** Writes all of it to `a`, as there is room. */
function pour(world: World, bytes: Buffer): void {
  let at = 0
  const more = () => {
    while (at < bytes.length) {
      const taken = world.a.flow.write('data', bytes.subarray(at, at + 100_000))
      if (taken === 0) return
      at += taken
    }
  }
  world.onRoom = more
  more()
}

function digest(bytes: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const piece of bytes) hash.update(piece)
  return hash.digest('hex')
}

describe('a flow', () => {
  it('brings every byte in order over a line that loses, repeats, reorders and spoils', () => {
    const hard = fc.record({
      loss: fc.double({ min: 0, max: 0.15, noNaN: true }),
      reorder: fc.double({ min: 0, max: 0.3, noNaN: true }),
      duplicate: fc.double({ min: 0, max: 0.1, noNaN: true }),
      corrupt: fc.double({ min: 0, max: 0.05, noNaN: true }),
      delay: fc.integer({ min: 1, max: 80 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
      datagram: fc.constantFrom(1232, 1452, 1472),
    })
    fc.assert(
      fc.property(hard, ({ datagram, ...options }) => {
        const world = new World({ ...line, ...options }, { datagram })
        const data = randomBytes(300_000, options.seed)
        const words = randomBytes(20_000, options.seed + 1)
        pour(world, data)
        expect(world.a.flow.write('control', words)).toBe(words.length)
        const control = () => world.b.got.control.reduce((sum, piece) => sum + piece.length, 0)
        world.run(() => world.b.received === data.length && control() === words.length)
        expect(digest(world.b.got.data)).toBe(digest([data]))
        expect(digest(world.b.got.control)).toBe(digest([words]))
        expect(world.a.closed ?? world.b.closed).toBeUndefined()
      }),
      { numRuns: 25 },
    )
  })

  it('fills the line in spite of loss', () => {
    const world = new World({ ...line, rate: 12_500, delay: 50, queue: 100, loss: 0.01 }, { rtt: 100 })
    world.b.keep = false
    pour(world, Buffer.alloc(40_000_000))
    world.run(() => world.b.received > 12_000_000)
    const from = { at: world.now, received: world.b.received }
    world.run(() => world.b.received > 38_000_000)
    // Of what the line carries, loss and heads are gone; a Reno flow would have a twentieth of it here.
    const rate = (world.b.received - from.received) / (world.now - from.at)
    expect(rate).toBeGreaterThan(0.9 * 12_500)
  })

  it('sends again little more than was lost', () => {
    const world = new World({ ...line, loss: 0.02 }, { rtt })
    pour(world, Buffer.alloc(8_000_000))
    world.run(() => world.b.received === 8_000_000)
    expect(world.there.carried).toBeLessThan(8_000_000 * 1.06)
  })

  it('stops when nobody consumes, and goes on', () => {
    const window = 200_000
    const world = new World(line, { rtt, window })
    const data = randomBytes(1_000_000)
    world.b.stuck = true
    pour(world, data)
    world.run(() => false, 3000)
    expect(world.b.received).toBe(window)
    world.b.release()
    world.run(() => world.b.received === data.length)
    expect(digest(world.b.got.data)).toBe(digest([data]))
  })

  it('goes on after the line was gone for a while', () => {
    const world = new World(line, { rtt })
    const data = randomBytes(2_000_000)
    pour(world, data)
    world.run(() => world.b.received > 500_000)
    world.there.down = true
    world.back.down = true
    world.run(() => false, 8000)
    world.there.down = false
    world.back.down = false
    world.run(() => world.b.received === data.length)
    expect(digest(world.b.got.data)).toBe(digest([data]))
  })

  it('acknowledges the few packets of a short way before they are missed', () => {
    const world = new World({ ...line, delay: 0.2 }, { rtt: 0.5 })
    world.a.flow.write('data', randomBytes(1000))
    world.run(() => world.b.received === 1000)
    const arrived = world.now
    world.run(() => world.back.carried > 0)
    expect(world.now - arrived).toBeLessThan(2)
  })

  it('keeps to a rate', () => {
    const world = new World(line, { rtt })
    world.a.flow.setRate(500_000)
    pour(world, Buffer.alloc(2_000_000))
    world.run(() => false, 2000)
    expect(world.there.carried).toBeGreaterThan(800_000)
    expect(world.there.carried).toBeLessThan(1_100_000)
    world.a.flow.setRate(-1)
    world.run(() => world.b.received === 2_000_000)
    expect(world.b.received).toBe(2_000_000)
  })

  it('closes when all has arrived, and tells the other side', () => {
    const world = new World({ ...line, loss: 0.05 }, { rtt })
    pour(world, Buffer.alloc(500_000))
    world.a.flow.close()
    world.run(() => world.b.closed !== undefined)
    expect(world.b.received).toBe(500_000)
    expect(world.a.closed).toEqual({ error: undefined })
    expect(world.b.closed).toEqual({ error: undefined })
    expect(world.a.flow.write('data', Buffer.alloc(10))).toBe(0)
  })

  it('ignores what is not authentic, whatever it is', () => {
    const world = new World(line, { rtt })
    const data = randomBytes(300_000)
    pour(world, data)
    world.run(() => world.b.received > 50_000)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12 + tagBytes, maxLength: 1500 }), (bytes) => {
        expect(world.b.flow.receive(Buffer.from(bytes), world.now)).toBe(false)
      }),
    )
    world.run(() => world.b.received === data.length)
    expect(digest(world.b.got.data)).toBe(digest([data]))
    expect(world.b.flow.stats.refused).toBeGreaterThan(50)
  })
})

/** A packet as a peer would seal it that has the key, and lies. */
function sealed(number: number, plain: Buffer): Buffer {
  const header = Buffer.concat([Buffer.from('01234567'), Buffer.alloc(4)])
  header.writeUInt32LE(number, flowIdBytes)
  const into = Buffer.alloc(header.length + plain.length + tagBytes)
  header.copy(into)
  plainSealer.seal(number, header, plain, into, header.length)
  return into
}

function piece(offset: number, length: number, said = length): Buffer {
  const bytes = Buffer.alloc(9 + length)
  bytes.writeUInt8(2, 0)
  bytes.writeUIntLE(offset, 1, 6)
  bytes.writeUInt16LE(said, 7)
  return bytes
}

it('takes a datagram that comes again, or late, for no sign of where the peer is', () => {
  const world = new World(line, { rtt })
  const [first, second] = [sealed(0, piece(0, 10)), sealed(1, piece(10, 10))]
  expect(world.b.flow.receive(second, world.now)).toBe(true)
  expect(world.b.flow.receive(second, world.now)).toBe(false)
  expect(world.b.flow.receive(first, world.now)).toBe(false)
  expect(world.b.received).toBe(20)
})

function ackOf(end: number, below: number, length: number): Buffer {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt8(3, 0)
  bytes.writeUIntLE(end, 17, 6)
  bytes.writeUInt8(1, 23)
  bytes.writeUInt32LE(below, 24)
  bytes.writeUInt32LE(length, 28)
  return bytes
}

describe('a peer that lies', () => {
  const lies: Record<string, Buffer> = {
    'goes beyond the window': piece(windows.data, 1),
    'says a piece is longer than it is': piece(0, 10, 11),
    'acknowledges what was never sent': ackOf(1000, 0, 1),
    'acknowledges nothing': ackOf(0, 0, 0),
    'acknowledges below zero': ackOf(1, 0, 2),
    'sends a part that does not exist': Buffer.from([9]),
  }
  for (const [name, plain] of Object.entries(lies)) {
    it(`is cut off when it ${name}`, () => {
      const world = new World(line, { rtt })
      world.b.flow.receive(sealed(0, plain), world.now)
      expect(world.b.closed?.error).toBeInstanceOf(ProtocolError)
    })
  }

  it('is cut off when it asks on and on and acknowledges nothing', () => {
    const ping = Buffer.from([4])
    // Neither encryption nor sums, since it takes very many packets.
    const sealer = { seal: () => undefined, open: () => ping }
    const options = { id: Buffer.from('01234567'), datagram: 1232, sealer, now: 0 }
    const end = new End(
      options,
      () => undefined,
      () => undefined,
    )
    end.flow.write('data', Buffer.alloc(10))
    const packet = sealed(0, ping)
    for (let i = 0; end.closed === undefined && i < 2 * mostSpan; i++) {
      // Each comes after a gap, and so wants its answer at once.
      packet.writeUInt32LE(2 * i, flowIdBytes)
      end.flow.receive(packet, i / 100)
      end.flow.poll(i / 100)
    }
    expect(end.closed?.error).toBeInstanceOf(ProtocolError)
  })

  it('does not make memory grow with crumbs', () => {
    const world = new World(line, { rtt, window: 8 * 1024 * 1024 })
    for (let i = 0; world.b.closed === undefined && i < 100_000; i++) {
      world.b.flow.receive(sealed(i, piece(1 + i * 2, 1)), world.now)
    }
    expect(world.b.closed?.error).toBeInstanceOf(ProtocolError)
  })

  it('is cut off or understood whatever it seals, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 30 }), (packets) => {
        const world = new World(line, { rtt })
        for (const [number, bytes] of packets.entries()) {
          world.b.flow.receive(sealed(number, Buffer.from(bytes)), world.now)
        }
        const error = world.b.closed?.error
        expect(error === undefined || error instanceof ProtocolError).toBe(true)
      }),
    )
  })
})
