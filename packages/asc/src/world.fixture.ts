import { apply, patchFrame, tell } from './delta/delta.fixture.js'
import {
  type ControlFrame,
  chunkCount,
  chunkDataAt,
  chunkLength,
  decode,
  type Found,
  FrameDecoder,
  type IncomingFile,
  type IncomingTask,
  isData,
  PackWriter,
  type Payload,
  ReceiverSession,
  SenderSession,
  sealChunk,
  smallFile,
  type TaskOutcome,
} from './index.js'

export const plain = { kind: 'file', mtime: 1n, mode: 0o644 } as const

export function chunkFrame(id: number, index: number, data: Buffer, digest = hash(data)): Buffer {
  const buffer = Buffer.alloc(chunkDataAt + data.length)
  data.copy(buffer, chunkDataAt)
  return sealChunk(buffer, id, index, data.length, digest)
}

/** Any hash of 16 bytes does for the machines: this is FNV-1a and the length. */
export function hash(bytes: Buffer): Buffer {
  let sum = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ (bytes[i] ?? 0), 0x01000193)
  const digest = Buffer.alloc(16)
  digest.writeInt32LE(sum | 0, 0)
  digest.writeUInt32LE(bytes.length, 4)
  return digest
}
export const kept = (bytes: Buffer): Payload => ({ bytes, release: () => undefined })
const memory = { allocate: (length: number) => kept(Buffer.alloc(length)) }

/** Both halves of a session, with files in memory and a wire that is moved by hand. */
export class World {
  readonly source = new Map<string, Buffer>()
  readonly target = new Map<string, Buffer>()
  readonly parts = new Map<IncomingFile, Buffer>()
  readonly outcomes: TaskOutcome[] = []
  readonly toReceiver: Buffer[] = []
  readonly toSender: Buffer[] = []
  readonly checks: IncomingFile[] = []
  /** What to do with a file that is there: by its size, by what is in it; and whether others are deleted. */
  mode: 'size' | 'contents' | 'delta' = 'size'
  sync = false
  /** What older files hold once they were told. */
  changed: Buffer | undefined
  asked: string[] = []
  readonly linked: (readonly [string, string])[] = []
  /** Names of one file each, by the first of them. */
  readonly names = new Map<string, string>()
  finished = 0
  readonly sender = new SenderSession(
    {
      send: (frame) => void this.toReceiver.push(frame),
      forget: () => undefined,
      settled: () => undefined,
      asked: (task, paths) =>
        this.sender.lacks(
          task,
          paths.map((path) => !this.source.has(path)),
        ),
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
      link: (file, path) => {
        this.linked.push([file.entry.path, path])
        const there = this.target.get(path)
        if (there !== undefined) this.target.set(file.entry.path, there)
        this.receiver.skipped(file)
      },
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
      rebuild: (file, patch, payload) => {
        const older = this.changed ?? this.target.get(file.entry.path) ?? Buffer.alloc(0)
        this.receiver.rebuilt(file, patch.index, apply(patch, older), payload)
      },
      zeros: (file, start, count) => {
        // Of files that only claim to be huge nothing is kept.
        if (!this.parts.has(file) && file.entry.size < 1e9)
          this.parts.set(file, Buffer.alloc(file.entry.size))
        this.receiver.zeroed(file, start, count)
      },
      commit: (file) => {
        this.target.set(file.entry.path, this.parts.get(file) ?? Buffer.alloc(0))
        this.receiver.done(file)
      },
      abandon: () => undefined,
      succeeded: () => undefined,
      differs: (file) => this.receiver.wanted(file),
      wrapUp: (task) => this.#wrapUp(task),
      lacking: (task, lacking) => {
        for (const [i, path] of this.asked.splice(0, lacking.length).entries()) {
          if (lacking[i] === true) this.target.delete(path)
        }
        if (this.asked.length === 0) this.receiver.wrappedUp(task)
      },
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
      if (isData(type)) this.receiver.data(type, payload)
      else take(decode(type, payload.bytes))
    })
    for (let at = 0; at < bytes.length; at += 60_000) decoder.push(bytes.subarray(at, at + 60_000))
    return true
  }

  #scan(): boolean {
    const task = this.sender.toScan()
    if (task === undefined) return false
    const found = [...this.source].map(([path, data]): Found => {
      const key = this.names.get(path)
      return { ...plain, path, size: data.length, ...(key !== undefined && { inode: { key, names: 3 } }) }
    })
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
    if (work.again) {
      if (this.sender.chunkReread(work, hash(data)))
        this.toReceiver.push(chunkFrame(entry.id, work.index, data))
      return true
    }
    if (data.every((byte) => byte === 0)) {
      const rest = content(entry.path).subarray(work.offset)
      const zeros = rest.findIndex((byte) => byte !== 0)
      const whole = zeros < 0 ? chunkCount(entry.size) : Math.floor(zeros / chunkLength(entry.size, 0))
      const { last } = this.sender.zerosRead(work, whole)
      if (last) this.sender.fileRead(work.file)
      return true
    }
    const { missing, last } = this.sender.chunkRead(work, hash(data))
    if (missing) {
      const patch = patchFrame(this.sender, work, content(entry.path), hash)
      this.toReceiver.push(patch ?? chunkFrame(entry.id, work.index, data))
    }
    if (last) this.sender.fileRead(work.file)
    return true
  }

  #check(): boolean {
    const file = this.checks.shift()
    if (file === undefined) return false
    const there = this.target.get(file.entry.path)
    if (this.mode === 'delta') {
      if (there !== undefined && file.entry.size >= smallFile) tell(this.receiver, file, there, hash)
      this.receiver.wanted(file)
    } else if (there?.length !== file.entry.size) this.receiver.wanted(file)
    else if (this.mode === 'size' || there.length === 0) this.receiver.skipped(file)
    else this.#compare(file, there)
    return true
  }

  #compare(file: IncomingFile, there: Buffer): void {
    for (let i = 0, at = 0; at < there.length; i++) {
      const length = chunkLength(file.entry.size, i)
      file.hold(i, hash(there.subarray(at, at + length)))
      at += length
    }
    this.receiver.compare(file)
  }

  #wrapUp(task: IncomingTask): void {
    this.asked = this.sync ? [...this.target.keys()] : []
    if (this.asked.length === 0) this.receiver.wrappedUp(task)
    for (let at = 0; at < this.asked.length; at += 2) {
      this.receiver.ask(task, this.asked.slice(at, at + 2), false)
    }
  }
}
