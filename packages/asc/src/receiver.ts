import { type Hash, readChunk, readPack } from './data-frames.js'
import type { Payload } from './decoder.js'
import type { Entry } from './entries/entry.js'
import { type ControlFrame, encode, frameType, type Verdict } from './frames.js'
import { IncomingFile, IncomingTask } from './incoming.js'
import { chunkBytes, maxOutstanding, smallFile } from './limits.js'
import { type BytePath, pathFault } from './paths.js'
import { ProtocolError } from './protocol-error.js'
import type { Fault, ReceiverOutput } from './receiver-output.js'

/** Chunks whose digests fit one `have` frame. */
const haveRun = 4096

/**
 * The receiving half of a session: believes nothing that the sender says without checking it, and counts
 * what becomes of each task.
 *
 * A task: offered (and told the sender) → entries come → scanned, all entries settled → closing → over. A
 * file: checking → wanted → committing → settled.
 */
export class ReceiverSession {
  readonly #out: ReceiverOutput
  readonly #hash: Hash
  readonly #now: () => number
  readonly tasks = new Map<number, IncomingTask>()
  readonly #files = new Map<number, IncomingFile>()
  #answers: { id: number; verdict: Verdict }[] = []
  #lastId = 0
  #finishing = false
  #finSent = false
  #finReceived = false
  #finished = false
  /** Totals of the session: bytes done, of these the ones that crossed the line, files done. */
  bytes = 0
  sent = 0
  files = 0

  /** `now` in milliseconds, for the time that a task took. */
  constructor(out: ReceiverOutput, hash: Hash, now: () => number) {
    this.#out = out
    this.#hash = hash
    this.#now = now
  }

  /** Tasks whose place is known here. `fault` fails one at once. */
  offer(tasks: readonly { index: number; fault?: Fault }[]): void {
    const fresh = tasks.filter(({ index }) => !this.tasks.has(index))
    if (fresh.length === 0) return
    for (const { index } of fresh) this.tasks.set(index, new IncomingTask(index, this.#now()))
    this.#out.send(encode({ type: 'ready', tasks: fresh.map(({ index }) => index) }))
    for (const { index, fault } of fresh) {
      const task = this.tasks.get(index)
      if (task === undefined) continue
      if (fault !== undefined) {
        task.fail(fault.code, fault.message)
        this.#over(task, false)
      } else if (this.#finReceived) {
        this.#unserved(task)
      }
    }
  }

  cancel(index: number): void {
    const task = this.tasks.get(index)
    if (task !== undefined) this.#over(task, true)
  }

  finish(): void {
    this.#finishing = true
    this.#end()
  }

  receive(frame: ControlFrame): void {
    switch (frame.type) {
      case 'entries':
        for (const entry of frame.entries) this.#entry(entry)
        return
      case 'note':
        this.tasks.get(frame.task)?.note(frame.path, frame.code, frame.message)
        return
      case 'scanned':
        this.#scanned(frame.task, frame.code, frame.message)
        return
      case 'same':
        this.#same(frame.id, frame.start, frame.count)
        return
      case 'fileEnd': {
        const file = this.#live(frame.id)
        if (file === undefined) return
        if (file.state !== 'wanted')
          throw new ProtocolError('state', 'the end of a file that was not asked for')
        file.end(frame.digest)
        this.#complete(file)
        return
      }
      case 'fileLost':
        this.#lost(frame.id, frame.code, frame.message)
        return
      case 'lacks':
        this.#lacks(frame.task, frame.lacking, frame.code === '' ? undefined : frame)
        return
      case 'differs':
        this.#differs(frame.id)
        return
      case 'cancel':
        this.cancel(frame.task)
        return
      case 'fin':
        this.#finReceived = true
        for (const task of this.tasks.values()) this.#unserved(task)
        this.#end()
        return
      default:
        throw new ProtocolError('state', `a sender does not send ${frame.type}`)
    }
  }

  /** A frame of data, from any connection. Takes care of the payload. */
  data(type: number, payload: Payload): void {
    if (type === frameType.chunk) {
      this.#chunk(payload)
      return
    }
    for (const item of readPack(payload.bytes)) this.#packed(item.id, item.data, item.digest)
    payload.release()
  }

  /** Sends the answers that gathered; to be called whenever a batch of input was worked through. */
  flush(): void {
    if (this.#answers.length === 0) return
    this.#out.send(encode({ type: 'answers', answers: this.#answers }))
    this.#answers = []
  }

  /** The file is to be sent; chunks that are here already were given to `file.hold` before. */
  wanted(file: IncomingFile): void {
    if (file.dropped) return
    file.state = 'wanted'
    this.#askFor(file, 'send')
  }

  /** A file of that size is there, all of whose chunks were given to `file.hold`: is it the sender's? */
  compare(file: IncomingFile): void {
    if (file.dropped) return
    file.state = 'comparing'
    this.#askFor(file, 'compare')
  }

  /** Asks which of these paths the source lacks; several questions may be under way, up to `maxAsks`. */
  ask(task: IncomingTask, paths: readonly BytePath[], folded: boolean): void {
    if (this.tasks.get(task.index) !== task) return
    task.asked.push(paths.length)
    this.#out.send(encode({ type: 'ask', task: task.index, folded, paths }))
  }

  #askFor(file: IncomingFile, verdict: Verdict): void {
    for (const run of file.held(haveRun)) this.#out.send(encode({ type: 'have', id: file.entry.id, ...run }))
    this.#answers.push({ id: file.entry.id, verdict })
  }

  /** The very same file is here. */
  skipped(file: IncomingFile): void {
    if (file.dropped) return
    this.#count(file, file.entry.size, 0)
    this.#succeed(file, 'skip')
  }

  written(file: IncomingFile, index: number): void {
    if (file.dropped) return
    file.written()
    this.#count(
      file,
      0,
      Math.min(chunkBytes(file.entry.size), file.entry.size - index * chunkBytes(file.entry.size)),
    )
    this.#complete(file)
  }

  /** The entry is in its place and survives a loss of power. */
  done(file: IncomingFile): void {
    if (file.dropped) return
    if (file.entry.kind === 'file' && file.entry.size < smallFile) this.#count(file, 0, file.entry.size)
    this.#succeed(file, 'done')
  }

  failed(file: IncomingFile, code: string, message: string): void {
    if (file.dropped) return
    file.task.note(file.entry.path, code, message)
    this.#out.abandon(file, true)
    this.#settle(file, 'failed')
  }

  wrappedUp(task: IncomingTask): void {
    if (this.tasks.get(task.index) === task) this.#over(task, false)
  }

  #entry(entry: Entry): void {
    if (entry.id !== this.#lastId + 1) throw new ProtocolError('state', 'entries out of order')
    this.#lastId = entry.id
    const task = this.tasks.get(entry.task)
    // The task ended here while its entries were under way.
    if (task === undefined) return
    if (task.scanned && task.open.size === 0) throw new ProtocolError('state', 'an entry after the last one')
    if (this.#files.size >= maxOutstanding) throw new ProtocolError('limit', 'too many entries at a time')
    const file = new IncomingFile(entry, task)
    this.#files.set(entry.id, file)
    task.open.add(file)
    if (entry.kind === 'file') task.size += entry.size
    const fault = pathFault(entry.path)
    if (fault === undefined) this.#out.check(file)
    else this.failed(file, 'E#J006', `Refused by the receiver: ${fault}`)
  }

  #packed(id: number, data: Buffer, digest: Buffer): void {
    const file = this.#live(id)
    if (file === undefined) return
    const { size } = file.entry
    if (file.state !== 'wanted') throw new ProtocolError('state', 'a file that was not asked for')
    if (size >= smallFile) throw new ProtocolError('state', 'a large file in a pack')
    if (data.length !== size) throw new ProtocolError('limit', 'a file has not the size that was announced')
    this.#verify(data, digest)
    file.state = 'committing'
    this.#out.store(file, data)
  }

  #chunk(payload: Payload): void {
    const { id, index, digest, data } = readChunk(payload.bytes)
    const file = this.#live(id)
    if (file === undefined) {
      payload.release()
      return
    }
    if (file.state !== 'wanted') throw new ProtocolError('state', 'a chunk that was not asked for')
    if (file.entry.size < smallFile) throw new ProtocolError('state', 'a chunk of a small file')
    file.arrive(index, data.length, digest)
    this.#verify(data, digest)
    this.#out.write(file, index, index * chunkBytes(file.entry.size), data, digest, payload)
  }

  #verify(data: Buffer, digest: Buffer): void {
    if (!this.#hash(data).equals(digest)) throw new ProtocolError('digest', 'data does not match its digest')
  }

  #same(id: number, start: number, count: number): void {
    const file = this.#live(id)
    if (file === undefined) return
    if (file.state === 'comparing' && start === 0 && count === file.chunks) {
      this.skipped(file)
      return
    }
    if (file.state !== 'wanted' || start + count > file.chunks) {
      throw new ProtocolError('state', 'chunks are confirmed that were never held')
    }
    for (let index = start; index < start + count; index++) this.#count(file, file.confirm(index), 0)
    this.#complete(file)
  }

  #differs(id: number): void {
    const file = this.#live(id)
    if (file === undefined) return
    if (file.state !== 'comparing') throw new ProtocolError('state', 'a file differs that was not compared')
    file.state = 'checking'
    file.forgetHeld()
    this.#out.differs(file)
  }

  #lacks(index: number, lacking: readonly boolean[], fault: Fault | undefined): void {
    const task = this.tasks.get(index)
    if (task === undefined) return
    const count = task.asked.shift()
    if (count === undefined || (fault === undefined && count !== lacking.length)) {
      throw new ProtocolError('state', 'an answer to a question that was not asked')
    }
    this.#out.lacking(task, lacking, fault)
  }

  #complete(file: IncomingFile): void {
    if (file.dropped || file.state !== 'wanted' || !file.complete) return
    if (!file.verify(this.#hash)) {
      throw new ProtocolError('digest', 'the chunks are not together the file that was sent')
    }
    file.state = 'committing'
    this.#out.commit(file)
  }

  #lost(id: number, code: string, message: string): void {
    const file = this.#live(id)
    if (file === undefined) return
    const withdrawn = code === ''
    if (withdrawn) {
      file.task.size -= file.entry.size
    } else {
      file.task.note(file.entry.path, code, message)
    }
    this.#out.abandon(file, !withdrawn)
    this.#settle(file)
  }

  #scanned(index: number, code: string, message: string): void {
    const task = this.tasks.get(index)
    if (task === undefined) return
    if (task.scanned) throw new ProtocolError('state', 'a task was scanned twice')
    task.scanned = true
    if (code !== '') task.fail(code, message)
    this.#closeIfThrough(task)
  }

  #live(id: number): IncomingFile | undefined {
    if (id > this.#lastId) throw new ProtocolError('state', 'data of an entry that was never announced')
    return this.#files.get(id)
  }

  #count(file: IncomingFile, skipped: number, sent: number): void {
    file.task.skipped += skipped
    file.task.sent += sent
    file.task.bytes += skipped + sent
    this.bytes += skipped + sent
    this.sent += sent
  }

  #succeed(file: IncomingFile, verdict: Verdict): void {
    if (file.entry.kind === 'file') {
      file.task.files++
      this.files++
    }
    this.#settle(file, verdict)
  }

  #settle(file: IncomingFile, verdict?: Verdict): void {
    file.dropped = true
    this.#files.delete(file.entry.id)
    file.task.open.delete(file)
    if (verdict !== undefined) this.#answers.push({ id: file.entry.id, verdict })
    this.#closeIfThrough(file.task)
  }

  #closeIfThrough(task: IncomingTask): void {
    if (!task.scanned || task.open.size > 0 || task.closing) return
    task.closing = true
    this.#out.wrapUp(task)
  }

  #unserved(task: IncomingTask): void {
    task.fail('E#J099', 'The sender ended without this task')
    this.#over(task, false)
  }

  #over(task: IncomingTask, cancelled: boolean): void {
    this.tasks.delete(task.index)
    for (const file of task.open) {
      file.dropped = true
      this.#files.delete(file.entry.id)
      this.#out.abandon(file, true)
    }
    this.flush()
    this.#out.send(encode({ type: 'taskOver', task: task.index }))
    this.#out.over(task.outcome(cancelled, this.#now()))
    this.#end()
  }

  #end(): void {
    if (!this.#finSent && this.#finishing && this.tasks.size === 0) {
      this.#finSent = true
      this.flush()
      this.#out.send(encode({ type: 'fin' }))
    }
    if (!this.#finSent || !this.#finReceived || this.#finished) return
    this.#finished = true
    this.#out.finished()
  }
}
