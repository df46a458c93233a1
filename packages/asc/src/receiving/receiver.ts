import type { Hash } from '../data-frames.js'
import type { Payload } from '../decoder.js'
import { ReceiverDelta } from '../delta/receiver-delta.js'
import type { Entry } from '../entries/entry.js'
import { IncomingLinks } from '../entries/links.js'
import { OpenFiles } from '../entries/open-files.js'
import { type ControlFrame, encode, type Verdict } from '../frames.js'
import { runLength, smallFile } from '../limits.js'
import { type BytePath, pathFault } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'
import { Arrivals } from './arrivals.js'
import { type IncomingFile, IncomingTask } from './incoming.js'
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
  readonly #open = new OpenFiles()
  readonly #links: IncomingLinks
  /** Older files, for what changed only in part. */
  readonly delta: ReceiverDelta
  readonly #arrivals: Arrivals
  #answers: { id: number; verdict: Verdict }[] = []
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
    this.#links = new IncomingLinks(out)
    this.#hash = hash
    this.delta = new ReceiverDelta({ send: (frame) => out.send(frame), flush: () => this.flush() })
    this.#arrivals = new Arrivals(this.#open, this.delta, out, hash)
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
      case 'zeros':
        this.#arrivals.zeros(frame.id, frame.start, frame.count)
        return
      case 'fileEnd': {
        const file = this.#open.live(frame.id)
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
    this.#arrivals.take(type, payload)
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
    const saved = this.delta.saved(file, index)
    this.#count(file, saved, runLength(file.entry.size, index, 1) - saved)
    this.#complete(file)
  }

  /**
   * Chunk `index` as it was made from a patch, undefined if the older file could not be read; `payload` holds
   * `data` and is released by whoever writes it. What is not right is asked for again.
   */
  rebuilt(file: IncomingFile, index: number, data: Buffer | undefined, payload: Payload): void {
    this.#arrivals.rebuilt(file, index, data, payload)
  }

  /** Chunks of zeros read as such; they never crossed the line. */
  zeroed(file: IncomingFile, start: number, count: number): void {
    if (file.dropped) return
    file.written(count)
    this.#count(file, runLength(file.entry.size, start, count), 0)
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
    this.#open.takeId(entry.id)
    const task = this.tasks.get(entry.task)
    // The task ended here while its entries were under way.
    if (task === undefined) return
    if (task.scanned && task.open.size === 0) throw new ProtocolError('state', 'an entry after the last one')
    const file = this.#open.add(entry, task)
    if (entry.kind === 'file') task.size += entry.size
    const fault = pathFault(entry.path)
    if (fault === undefined) this.#links.arrived(file)
    else this.failed(file, 'E#J006', `Refused by the receiver: ${fault}`)
  }

  #same(id: number, start: number, count: number): void {
    const file = this.#open.live(id)
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
    const file = this.#open.live(id)
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
    const file = this.#open.live(id)
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

  #count(file: IncomingFile, skipped: number, sent: number): void {
    file.task.skipped += skipped
    file.task.sent += sent
    file.task.bytes += skipped + sent
    this.bytes += skipped + sent
    this.sent += sent
  }

  #succeed(file: IncomingFile, verdict: 'done' | 'skip'): void {
    if (file.entry.kind === 'file') {
      file.task.files++
      this.files++
      this.#out.succeeded(file, verdict)
    }
    this.#settle(file, verdict)
  }

  #settle(file: IncomingFile, verdict?: Verdict): void {
    this.#open.drop(file)
    this.delta.forget(file)
    file.task.open.delete(file)
    if (verdict !== undefined) this.#answers.push({ id: file.entry.id, verdict })
    this.#links.settled(file, verdict === 'done' || verdict === 'skip')
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
    this.#links.forget(task)
    for (const file of task.open) {
      this.#open.drop(file)
      this.delta.forget(file)
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
