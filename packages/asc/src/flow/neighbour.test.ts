import { describe, expect, it } from 'vitest'
import { type LineOptions, World } from './line.fixture.js'

/** 100 ms there and back, 20 Mbit/s, a queue of 100 ms; bytes a millisecond. */
const line: LineOptions = { delay: 50, rate: 2500, queue: 100 }
const product = line.rate * 100
const never = () => false

function start(options: Partial<LineOptions> = {}): World {
  const world = new World({ ...line, ...options }, { rtt: 100 })
  world.b.keep = false
  return world
}

/** There is always more to send. */
function pourForever(world: World): void {
  const piece = Buffer.alloc(1 << 18)
  const more = () => {
    while (world.a.flow.write('data', piece) === piece.length);
  }
  world.onRoom = more
  more()
  world.a.wakeAt = 0
}

/** Lets some seconds pass; the parts of the line that the flow and its neighbour had meanwhile. */
function shares(world: World, neighbour: { delivered: number }, seconds: number) {
  const before = { flow: world.b.received, neighbour: neighbour.delivered }
  world.run(never, seconds * 1000)
  const all = line.rate * seconds * 1000
  return {
    flow: (world.b.received - before.flow) / all,
    neighbour: (neighbour.delivered - before.neighbour) / all,
  }
}

describe('beside one flow of cubic, a flow', () => {
  it('that joins it leaves it a fair part, and takes what it does not use', () => {
    const world = start()
    // As with usual socket buffers: alone it gets half of the line.
    const neighbour = world.startNeighbour(product / 2)
    world.run(never, 3000)
    pourForever(world)
    world.run(never, 3000)
    const { flow, neighbour: its } = shares(world, neighbour, 20)
    expect(its).toBeGreaterThan(0.3)
    expect(flow).toBeGreaterThan(0.4)
    expect(flow + its).toBeGreaterThan(0.9)
  })

  it('that was there first makes way', () => {
    const world = start()
    pourForever(world)
    world.run(never, 5000)
    const { flow, neighbour: its } = shares(world, world.startNeighbour(4 * product), 30)
    expect(its).toBeGreaterThan(0.2)
    expect(flow).toBeGreaterThan(0.3)
  })

  it('takes nothing of what little it gets where packets are lost by chance', () => {
    const alone = start({ loss: 0.002, seed: 5 })
    const had = shares(alone, alone.startNeighbour(4 * product), 40)
    const world = start({ loss: 0.002, seed: 5 })
    pourForever(world)
    const has = shares(world, world.startNeighbour(4 * product), 40)
    expect(has.neighbour).toBeGreaterThan(had.neighbour / 2)
    expect(has.flow).toBeGreaterThan(0.75)
  })
})
