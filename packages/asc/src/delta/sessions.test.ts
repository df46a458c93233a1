import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../entries/entry.js'
import { type ControlFrame, encode } from '../frames.js'
import { headerBytes } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import { OutgoingFile } from '../sending/outgoing.js'
import { chunkFrame, hash, kept, plain, World } from '../world.fixture.js'
import { maxBasis } from './cutter.js'
import { blocksOf, noise, tell } from './delta.fixture.js'
import { type PatchPart, patchFrameBytes, writePatch } from './patch.js'
import { SenderDelta } from './sender-delta.js'

const size = 1_500_000
const older = noise(size, 1)

function run(world: World, choices: readonly number[] = [0]): void {
  world.mode = 'delta'
  world.sender.offer([4])
  world.receiver.offer([{ index: 4 }])
  world.sender.finish()
  world.receiver.finish()
  for (let i = 0; world.step(choices[i % choices.length] ?? 0); i++) if (i > 2000) throw new Error('endless')
}

describe('a file of which an older one is there', () => {
  const change = fc.record({ at: fc.nat(size), remove: fc.nat(50_000), insert: fc.nat(50_000) })

  it('comes over as what differs, in whatever order things happen', () => {
    const choices = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(change, fc.nat(3), choices, ({ at, remove, insert }, others, order) => {
        const world = new World()
        const newer = Buffer.concat([older.subarray(0, at), noise(insert, 9), older.subarray(at + remove)])
        world.source.set('file', newer)
        world.target.set('file', older)
        for (let i = 0; i < others; i++) {
          world.source.set(`other${i}`, noise(400_000 * i, 20 + i))
          world.target.set(`other${i}`, noise(300_000, 30))
        }
        const total = [...world.source.values()].reduce((sum, { length }) => sum + length, 0)
        run(world, order)
        for (const [path, data] of world.source) expect(world.target.get(path)?.equals(data)).toBe(true)
        const [outcome] = world.outcomes
        expect(outcome).toMatchObject({ status: 'done', files: others + 1, size: total })
        expect((outcome?.sent ?? 0) + (outcome?.skipped ?? 0)).toBe(total)
        expect(outcome?.skipped).toBeGreaterThan(newer.length - insert - 100_000)
        expect(world.finished).toBe(2)
        expect(world.sender.outstanding).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('comes whole where the older one is not any more what was told', () => {
    const world = new World()
    const newer = Buffer.concat([noise(10, 2), older])
    world.source.set('file', newer)
    world.target.set('file', older)
    world.changed = older.subarray(0, 1_200_000)
    run(world)
    expect(world.target.get('file')?.equals(newer)).toBe(true)
    expect(world.outcomes).toMatchObject([{ status: 'done', size: newer.length }])
    const { sent = 0, skipped = 0 } = world.outcomes[0] ?? {}
    expect(sent + skipped).toBe(newer.length)
    // The first of its two chunks could be made.
    expect(skipped).toBeGreaterThan(1_000_000)
    expect(sent).toBeGreaterThan(450_000)
  })
})

describe('a receiver with an older file', () => {
  let world: World
  const entry: Entry = { ...plain, id: 1, task: 1, path: 'file', size: 2_000_000 }
  const chunk = noise(1_048_576, 5)
  const first = older.subarray(0, 1_048_576)

  beforeEach(() => {
    world = new World()
    world.target.set('file', older)
    world.receiver.offer([{ index: 1 }])
    world.receiver.receive({ type: 'entries', entries: [entry, { ...entry, id: 2, path: 'new' }] })
    const [file, other] = world.checks.splice(0)
    if (file === undefined || other === undefined) throw new Error('nothing was announced')
    tell(world.receiver, file, older, hash)
    world.receiver.wanted(file)
    world.receiver.wanted(other)
  })

  const send = (frame: Buffer) => world.receiver.data(frame.readUInt8(4), kept(frame.subarray(headerBytes)))
  const patch = (parts: readonly PatchPart[], data = chunk, about: { id?: number; index?: number } = {}) =>
    writePatch(
      Buffer.alloc(patchFrameBytes(parts)),
      { id: 1, index: 0, digest: hash(data), ...about },
      parts,
      data,
    )
  const whole: PatchPart = { literal: 0, offset: 0, length: 1_048_576 }

  it('asks once for a chunk that its patch did not make, and takes it whole', () => {
    send(patch([whole]))
    expect(world.toSender.at(-1)).toEqual(encode({ type: 'again', id: 1, index: 0 }))
    send(chunkFrame(1, 0, chunk))
    expect(world.receiver.sent).toBe(chunk.length)
  })

  it('takes no second patch for a chunk that is to come whole', () => {
    send(patch([whole]))
    expect(() => send(patch([whole]))).toThrow(ProtocolError)
  })

  it('counts what a patch took on the line', () => {
    const frame = patch([whole], first)
    send(frame)
    expect(world.receiver).toMatchObject({ bytes: first.length, sent: frame.length - headerBytes })
  })

  it.each<[string, () => void]>([
    ['a patch for a file without an older one', () => send(patch([whole], first, { id: 2 }))],
    ['a patch for a file that was never announced', () => send(patch([whole], first, { id: 9 }))],
    ['a patch beyond the end', () => send(patch([whole], first, { index: 2 }))],
    ['a patch for a chunk of another length', () => send(patch([whole], first, { index: 1 }))],
    ['a patch that makes more than a chunk', () => send(patch([whole, whole], first))],
    ['a patch that makes less', () => send(patch([{ ...whole, length: 1000 }], first))],
    ['a copy from beyond the end', () => send(patch([{ ...whole, offset: size - 1000 }], first))],
    ['a patch twice', () => [patch([whole], first), patch([whole], first)].forEach(send)],
    ['a patch and the chunk', () => [patch([whole], first), chunkFrame(1, 0, first)].forEach(send)],
    ['older files', () => world.receiver.receive({ type: 'basis', id: 1, size: 5 })],
  ])('is not taken in by %s', (_what, act) => {
    expect(act).toThrow(ProtocolError)
  })

  it('takes an older file back, and the file comes whole', () => {
    const other = new World()
    other.mode = 'delta'
    other.source.set('file', older)
    other.target.set('file', noise(size, 77))
    other.sender.offer([1])
    other.receiver.offer([{ index: 1 }])
    while (other.checks.length === 0 && other.step(0));
    const file = other.checks.shift()
    if (file === undefined) throw new Error('nothing was announced')
    tell(other.receiver, file, older, hash)
    other.receiver.delta.withdraw(file)
    other.receiver.wanted(file)
    while (other.step(0));
    expect(other.outcomes).toMatchObject([{ status: 'done', sent: size, skipped: 0 }])
    expect(other.target.get('file')?.equals(older)).toBe(true)
  })

  it('offers no more of older files than may be open', () => {
    const [first, second] = [3, 4].map((id) => {
      world.receiver.receive({ type: 'entries', entries: [{ ...entry, id, path: `${id}` }] })
      return world.checks.shift()
    })
    if (first === undefined || second === undefined) throw new Error('nothing was announced')
    expect(world.receiver.delta.begin(first, maxBasis)).toBe(false)
    expect(world.receiver.delta.begin(first, 4_000_000_000)).toBe(true)
    expect(world.receiver.delta.begin(second, 4_000_000_000)).toBe(false)
    world.receiver.failed(first, 'E#J057', 'full')
    expect(world.receiver.delta.begin(second, 4_000_000_000)).toBe(true)
  })
})

describe('a sender', () => {
  let world: World

  beforeEach(() => {
    world = new World()
    world.source.set('file', older)
    world.source.set('other', older)
    world.source.set('small', noise(100, 3))
    world.sender.offer([1])
    world.sender.receive({ type: 'ready', tasks: [1] })
    world.step(2)
  })

  const receive = (...frames: ControlFrame[]) => {
    for (const frame of frames) world.sender.receive(frame)
  }
  const basis = (id: number, bytes: number) => ({ type: 'basis', id, size: bytes }) as const
  const blocks = (data = older) => ({ type: 'blocks', id: 1, blocks: blocksOf(data, hash) }) as const
  const wanted = (id: number) => ({ type: 'answers', answers: [{ id, verdict: 'send' }] }) as const

  it.each<[string, () => void]>([
    ['of a file that was never announced', () => receive(basis(9, 5000))],
    ['of a small file', () => receive(basis(3, 5000))],
    ['twice', () => receive(basis(1, 5000), basis(1, 5000))],
    ['after the file was asked for', () => receive(wanted(1), basis(1, 5000))],
    ['that is larger than any may be', () => receive(basis(1, maxBasis + 1))],
    ['of more than may be open together', () => receive(basis(1, 4_000_000_000), basis(2, 4_000_000_000))],
    ['that is taken back and never came', () => receive(basis(1, 0))],
    ['without a beginning', () => receive(blocks())],
    ['with blocks that are longer than it', () => receive(basis(1, 500_000), blocks())],
    ['of which blocks are missing', () => receive(basis(1, size + 5000), blocks(), wanted(1))],
    [
      'with blocks after the file was asked for',
      () => receive(basis(1, size), blocks(), wanted(1), blocks()),
    ],
  ])('is not taken in by an older file %s', (_what, act) => {
    expect(act).toThrow(ProtocolError)
  })

  it('is not taken in by a chunk that is asked for again and was no patch', () => {
    receive(wanted(1))
    world.step(3)
    expect(() => receive({ type: 'again', id: 1, index: 0 })).toThrow(ProtocolError)
    expect(() => receive({ type: 'again', id: 1, index: 1 })).toThrow(ProtocolError)
  })

  it('sends a chunk again once, whole', () => {
    receive(basis(1, size), blocks(), wanted(1))
    world.step(3)
    expect(world.toReceiver.at(-1)?.length).toBeLessThan(1000)
    receive({ type: 'again', id: 1, index: 0 })
    world.step(3)
    expect(world.toReceiver.at(-1)?.equals(chunkFrame(1, 0, older.subarray(0, 1_048_576)))).toBe(true)
    expect(() => receive({ type: 'again', id: 1, index: 0 })).toThrow(ProtocolError)
  })

  it('looks at few chunks only once many in a row had nothing in common', () => {
    const delta = new SenderDelta()
    const file = new OutgoingFile({ ...plain, id: 1, task: 1, path: 'f', size: 200 * 1_048_576 })
    delta.begin(file, size)
    const looked: number[] = []
    for (let work = file.takeChunk(); work !== undefined; work = file.takeChunk()) {
      if (delta.indexFor(work) === undefined) continue
      looked.push(work.index)
      delta.tried(work, work.index === 128)
    }
    const run = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)
    expect(looked).toEqual([...run(0, 32), 32, 48, 64, 80, 96, 112, ...run(128, 33), 176, 192])
  })
})
