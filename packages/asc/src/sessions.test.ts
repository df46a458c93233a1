import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type ControlFrame,
  chunkDataAt,
  chunkLength,
  decode,
  type Entry,
  encode,
  type Found,
  FrameDecoder,
  frameType,
  headerBytes,
  type IncomingFile,
  PackWriter,
  type Payload,
  ProtocolError,
  pathFault,
  ReceiverSession,
  SenderSession,
  sealChunk,
  type TaskOutcome,
} from './index.js'

/** Any hash of 16 bytes does for the machines. */
const hash = (bytes: Buffer) => createHash('md5').update(bytes).digest()
const kept = (bytes: Buffer): Payload => ({ bytes, release: () => undefined })
const memory = { allocate: (length: number) => kept(Buffer.alloc(length)) }

/** Both halves of a session, with files in memory and a wire that is moved by hand. */
class World {
  readonly source = new Map<string, Buffer>()
  readonly target = new Map<string, Buffer>()
  readonly parts = new Map<IncomingFile, Buffer>()
  readonly outcomes: TaskOutcome[] = []
  readonly toReceiver: Buffer[] = []
  readonly toSender: Buffer[] = []
  readonly checks: IncomingFile[] = []
  finished = 0
  readonly sender = new SenderSession(
    {
      send: (frame) => void this.toReceiver.push(frame),
      forget: () => undefined,
      settled: () => undefined,
      finished: () => {
        this.finished++
      },
    },
    hash,
  )
  readonly receiver = new ReceiverSession(
    {
      send: (frame) => void this.toSender.push(frame),
      check: (file) => void this.checks.push(file),
      store: (file, data) => {
        this.target.set(file.entry.path, Buffer.from(data))
        this.receiver.done(file)
      },
      write: (file, index, offset, data, _digest, payload) => {
        const part = this.parts.get(file) ?? Buffer.alloc(file.entry.size)
        data.copy(part, offset)
        this.parts.set(file, part)
        payload.release()
        this.receiver.written(file, index)
      },
      commit: (file) => {
        this.target.set(file.entry.path, this.parts.get(file) ?? Buffer.alloc(0))
        this.receiver.done(file)
      },
      abandon: () => undefined,
      wrapUp: (task) => this.receiver.wrappedUp(task),
      over: (outcome) => void this.outcomes.push(outcome),
      finished: () => {
        this.finished++
      },
    },
    hash,
    () => 0,
  )

  /** One thing that can happen next; false when there is nothing to do. */
  step(choice: number): boolean {
    const moves = [
      () => this.#deliver(this.toReceiver, (frame) => this.receiver.receive(frame)),
      () => this.#deliver(this.toSender, (frame) => this.sender.receive(frame)),
      () => this.#scan(),
      () => this.#read(),
      () => this.#check(),
      () => {
        const before = this.toSender.length
        this.receiver.flush()
        return this.toSender.length > before
      },
    ]
    for (let i = 0; i < moves.length; i++) if (moves[(choice + i) % moves.length]?.() === true) return true
    return false
  }

  #deliver(wire: Buffer[], take: (frame: ControlFrame) => void): boolean {
    const bytes = wire.shift()
    if (bytes === undefined) return false
    const decoder = new FrameDecoder(memory, (type, payload) => {
      if (type === frameType.pack || type === frameType.chunk) this.receiver.data(type, payload)
      else take(decode(type, payload.bytes))
    })
    for (let at = 0; at < bytes.length; at += 60_000) decoder.push(bytes.subarray(at, at + 60_000))
    return true
  }

  #scan(): boolean {
    const task = this.sender.toScan()
    if (task === undefined) return false
    const found = [...this.source].map(([path, data]): Found => ({ ...plain, path, size: data.length }))
    this.sender.announce(task, found)
    this.sender.scanned(task, '', '')
    return true
  }

  #read(): boolean {
    const work = this.sender.next()
    if (work === undefined) return false
    const content = (path: string) => this.source.get(path) ?? Buffer.alloc(0)
    if (work.kind === 'pack') {
      const pack = new PackWriter(Buffer.alloc(1_000_000))
      for (const { entry } of work.files) {
        pack.room(entry.size)?.set(content(entry.path))
        pack.add(entry.id, entry.size, hash(content(entry.path)))
      }
      this.toReceiver.push(pack.done())
      return true
    }
    const { entry } = work.file
    const data = content(entry.path).subarray(work.offset, work.offset + work.length)
    const { missing, last } = this.sender.chunkRead(work, hash(data))
    if (missing) this.toReceiver.push(chunkFrame(entry.id, work.index, data))
    if (last) this.sender.fileRead(work.file)
    return true
  }

  #check(): boolean {
    const file = this.checks.shift()
    if (file === undefined) return false
    const there = this.target.get(file.entry.path)
    if (there?.length === file.entry.size) this.receiver.skipped(file)
    else this.receiver.wanted(file)
    return true
  }
}

const plain = { kind: 'file', mtime: 1n, mode: 0o644 } as const

function chunkFrame(id: number, index: number, data: Buffer, digest = hash(data)): Buffer {
  const buffer = Buffer.alloc(chunkDataAt + data.length)
  data.copy(buffer, chunkDataAt)
  return sealChunk(buffer, id, index, data.length, digest)
}

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
    const many = Array.from({ length: 5000 }, (_, i) => ({ ...small, id: i + 3, path: `f${i}` }))
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
