import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type ControlFrame,
  chunkLength,
  type Entry,
  encode,
  frameType,
  headerBytes,
  maxOutstanding,
  PackWriter,
  ProtocolError,
  pathFault,
} from './index.js'
import { chunkFrame, hash, kept, plain, World } from './world.fixture.js'

describe('a session', () => {
  it('brings every file over, in whatever order things happen', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 5000, 255_999, 262_144, 1_048_577), { maxLength: 6 })
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(5), { minLength: 1, maxLength: 50 }), (list, choices) => {
        const world = new World()
        for (const [i, size] of list.entries()) world.source.set(`f${i}`, Buffer.alloc(size, i + 1))
        world.sender.offer([4])
        world.receiver.offer([{ index: 4 }])
        world.sender.finish()
        world.receiver.finish()
        for (let i = 0; world.step(choices[i % choices.length] ?? 0); i++)
          if (i > 500) throw new Error('endless')
        const total = list.reduce<number>((sum, size) => sum + size, 0)
        expect(world.outcomes).toMatchObject([
          { status: 'done', files: list.length, size: total, sent: total },
        ])
        for (const [path, data] of world.source) expect(world.target.get(path)?.equals(data)).toBe(true)
        expect(world.finished).toBe(2)
        expect(world.sender.outstanding).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('compares what is there, and deletes what the source lacks, in whatever order things happen', () => {
    const content = fc
      .constantFrom(0, 5000, 262_144, 2_500_000)
      .chain((size) => fc.tuple(fc.constant(size), fc.nat(2)))
    const tree = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), content, { maxKeys: 4 })
    fc.assert(
      fc.property(tree, tree, fc.array(fc.nat(5), { minLength: 1, maxLength: 50 }), (from, to, choices) => {
        const world = new World()
        world.mode = 'contents'
        world.sync = true
        for (const [path, [size, fill]] of Object.entries(from))
          world.source.set(path, Buffer.alloc(size, fill + 1))
        for (const [path, [size, fill]] of Object.entries(to))
          world.target.set(path, Buffer.alloc(size, fill + 1))
        world.sender.offer([4])
        world.receiver.offer([{ index: 4 }])
        world.sender.finish()
        world.receiver.finish()
        for (let i = 0; world.step(choices[i % choices.length] ?? 0); i++)
          if (i > 900) throw new Error('endless')
        expect([...world.target.keys()].sort()).toEqual([...world.source.keys()].sort())
        for (const [path, data] of world.source) expect(world.target.get(path)?.equals(data)).toBe(true)
        const equal = Object.entries(from).filter(([path, is]) => to[path]?.join() === is.join())
        const skipped = equal.reduce((sum, [, [size]]) => sum + size, 0)
        expect(world.outcomes).toMatchObject([{ status: 'done', files: world.source.size, skipped }])
        expect(world.finished).toBe(2)
      }),
      { numRuns: 60 },
    )
  })

  it('settles a task that is cancelled at any moment, once', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.boolean(),
        fc.array(fc.nat(5), { minLength: 1 }),
        (when, bySender, choices) => {
          const world = new World()
          for (let i = 0; i < 5; i++) world.source.set(`f${i}`, Buffer.alloc(300_000, i))
          world.sender.offer([1])
          world.receiver.offer([{ index: 1 }])
          for (let i = 0; i < when && world.step(choices[i % choices.length] ?? 0); i++);
          if (bySender) world.sender.cancel(1)
          else world.receiver.cancel(1)
          world.sender.finish()
          world.receiver.finish()
          while (world.step(0));
          expect(world.outcomes).toHaveLength(1)
          expect(world.finished).toBe(2)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('fails a task that its sender never got', () => {
    const world = new World()
    world.receiver.offer([{ index: 9 }])
    world.sender.finish()
    while (world.step(0));
    expect(world.outcomes).toMatchObject([{ index: 9, status: 'failed', code: 'E#J099' }])
  })
})

describe('a receiver', () => {
  let world: World
  const large: Entry = { ...plain, id: 1, task: 1, path: 'large', size: 2_000_000 }
  const small: Entry = { ...plain, id: 2, task: 1, path: 'small', size: 3 }

  beforeEach(() => {
    world = new World()
    world.receiver.offer([{ index: 1 }])
    world.receiver.receive({ type: 'entries', entries: [large, small] })
    for (const file of world.checks.splice(0)) world.receiver.wanted(file)
  })

  const send = (frame: Buffer) => world.receiver.data(frame.readUInt8(4), kept(frame.subarray(headerBytes)))
  const pack = (id: number, data: Buffer, digest = hash(data)) => {
    const writer = new PackWriter(Buffer.alloc(10_000))
    writer.room(data.length)?.set(data)
    writer.add(id, data.length, digest)
    return writer.done()
  }
  const full = Buffer.alloc(chunkLength(large.size, 0), 1)
  const rest = Buffer.alloc(chunkLength(large.size, 1), 2)

  it.each<[string, () => void]>([
    ['a chunk of a file that was never announced', () => send(chunkFrame(99, 0, full))],
    ['a chunk beyond the end', () => send(chunkFrame(1, 2, full))],
    ['a chunk of the wrong length', () => send(chunkFrame(1, 0, full.subarray(1)))],
    ['a chunk with the wrong digest', () => send(chunkFrame(1, 0, full, Buffer.alloc(16)))],
    ['a chunk of a small file', () => send(chunkFrame(2, 0, Buffer.from('abc')))],
    ['a small file of the wrong size', () => send(pack(2, Buffer.from('abcd')))],
    ['a small file with the wrong digest', () => send(pack(2, Buffer.from('abc'), Buffer.alloc(16)))],
    ['a large file in a pack', () => send(pack(1, Buffer.from('abc')))],
    [
      'entries out of order',
      () => world.receiver.receive({ type: 'entries', entries: [{ ...small, id: 9 }] }),
    ],
    [
      'confirmation of what was never held',
      () => world.receiver.receive({ type: 'same', id: 1, start: 0, count: 1 }),
    ],
    ['word that a file differs', () => world.receiver.receive({ type: 'differs', id: 1 })],
    [
      'an answer to nothing',
      () => world.receiver.receive({ type: 'lacks', task: 1, lacking: [], code: '', message: '' }),
    ],
    [
      'an answer for more than was asked',
      () => {
        const task = world.checks[0]?.task ?? [...world.receiver.tasks.values()][0]
        if (task !== undefined) world.receiver.ask(task, ['x'], false)
        world.receiver.receive({ type: 'lacks', task: 1, lacking: [true, true], code: '', message: '' })
      },
    ],
    ['a frame that only receivers send', () => world.receiver.receive({ type: 'ready', tasks: [1] })],
    [
      'a chunk twice',
      () => {
        send(chunkFrame(1, 0, full))
        send(chunkFrame(1, 0, full))
      },
    ],
    [
      'a file digest that its chunks do not have',
      () => {
        send(chunkFrame(1, 0, full))
        send(chunkFrame(1, 1, rest))
        world.receiver.receive({ type: 'fileEnd', id: 1, digest: Buffer.alloc(16) })
      },
    ],
    [
      'an entry after the last one',
      () => {
        world.receiver.offer([{ index: 2 }])
        world.receiver.receive({ type: 'scanned', task: 1, code: '', message: '' })
        world.receiver.receive({ type: 'scanned', task: 1, code: '', message: '' })
      },
    ],
  ])('does not put up with %s', (_what, lie) => {
    expect(lie).toThrow(ProtocolError)
    expect(world.target.has('large')).toBe(false)
  })

  it('takes chunks in any order, and the end before the last of them', () => {
    world.receiver.receive({ type: 'fileEnd', id: 1, digest: hash(Buffer.concat([hash(full), hash(rest)])) })
    send(chunkFrame(1, 1, rest))
    expect(world.target.has('large')).toBe(false)
    send(chunkFrame(1, 0, full))
    expect(world.target.get('large')?.equals(Buffer.concat([full, rest]))).toBe(true)
  })

  it('ignores what comes late for a file that is settled', () => {
    send(pack(2, Buffer.from('abc')))
    send(pack(2, Buffer.from('abc')))
    expect(world.target.get('small')).toEqual(Buffer.from('abc'))
  })

  it('bounds how much is announced', () => {
    const many = Array.from({ length: maxOutstanding + 1 }, (_, i) => ({
      ...small,
      id: i + 3,
      path: `f${i}`,
    }))
    expect(() => world.receiver.receive({ type: 'entries', entries: many })).toThrow(ProtocolError)
  })
})

describe('a sender', () => {
  it.each<ControlFrame>([
    { type: 'answers', answers: [{ id: 1, verdict: 'send' }] },
    { type: 'have', id: 5, start: 0, digests: Buffer.alloc(16) },
    { type: 'fileEnd', id: 1, digest: Buffer.alloc(16) },
    { type: 'entries', entries: [] },
  ])('does not put up with $type out of the blue', (frame) => {
    expect(() => new World().sender.receive(frame)).toThrow(ProtocolError)
  })

  it.each([
    ['before all was announced', false, 'a'],
    ['for what lies outside', true, '../a'],
    ['for the whole source', true, ''],
  ])('does not put up with a question %s', (_what, scanned, path) => {
    const world = new World()
    world.sender.offer([1])
    world.sender.receive({ type: 'ready', tasks: [1] })
    if (scanned) world.sender.scanned(1, '', '')
    const ask = () => world.sender.receive({ type: 'ask', task: 1, folded: false, paths: [path] })
    expect(ask).toThrow(ProtocolError)
  })

  it('does not compare with what the receiver does not have', () => {
    const world = new World()
    world.sender.offer([1])
    world.sender.receive({ type: 'ready', tasks: [1] })
    world.sender.announce(1, [{ ...plain, path: 'f', size: 5 }])
    const compare = { id: 1, verdict: 'compare' as const }
    expect(() => world.sender.receive({ type: 'answers', answers: [compare] })).toThrow(ProtocolError)
  })

  it('announces a changed file anew, and the receiver takes the new one', () => {
    const world = new World()
    world.source.set('f', Buffer.from('old'))
    world.sender.offer([1])
    world.receiver.offer([{ index: 1 }])
    let work = world.sender.next()
    for (; work === undefined; work = world.sender.next()) {
      // Everything but reading.
      expect(world.step(4) || world.step(5)).toBe(true)
      if (world.toReceiver.some((frame) => frame.readUInt8(4) === frameType.pack)) return
    }
    if (work.kind !== 'pack' || work.files[0] === undefined) throw new Error('a pack was expected')
    world.source.set('f', Buffer.from('newer'))
    world.sender.fileChanged(work.files[0], { ...plain, path: 'f', size: 5 })
    while (world.step(0));
    expect(world.target.get('f')).toEqual(Buffer.from('newer'))
    expect(world.outcomes).toMatchObject([{ status: 'done', files: 1, size: 5 }])
  })
})

describe('paths', () => {
  it('that pass name nothing outside', () => {
    const part = fc.constantFrom('..', '.', '', 'a', 'b c', '\0', '...', 'x'.repeat(256), '-')
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join('/')),
        (path) => {
          if (pathFault(path) !== undefined || path === '') return
          expect(path.startsWith('/') || path.includes('\0')).toBe(false)
          expect(path.split('/').some((name) => ['', '.', '..'].includes(name) || name.length > 255)).toBe(
            false,
          )
        },
      ),
    )
  })

  it('are encoded byte for byte', () => {
    const frame = encode({ type: 'note', task: 1, path: '\xff\xfe\n', code: '', message: '' })
    expect(frame.includes(Buffer.from([0xff, 0xfe, 0x0a]))).toBe(true)
  })
})
