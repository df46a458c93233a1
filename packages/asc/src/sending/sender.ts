import type { Hash } from '../data-frames.js'
import { SenderDelta } from '../delta/sender-delta.js'
import { Announcer } from '../entries/announcer.js'
import { ZeroDigests } from '../entries/zeros.js'
import { type ControlFrame, encode, type Verdict } from '../frames.js'
import { chunkCount, maxOpenExtended, maxOutstanding, maxTasks, runLength } from '../limits.js'
import { type BytePath, pathFault } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'
import { type ChunkWork, type Found, OutgoingFile } from './outgoing.js'
import { type Work, WorkQueue } from './work-queue.js'

/** What the sending machine asks of its surroundings. */
export interface SenderOutput {
  /** Sends a frame on the control connection, in order. */
  send(frame: Buffer): void
  /** The task is settled or was taken back: stop scanning it and close what it holds open. */
  forget(task: number): void
  /** The receiver settled a file: close it. `verdict` tells how. */
  settled(file: OutgoingFile, verdict: Verdict): void
  /** The receiver asks what the source lacks of a task that was scanned; answer: `lacks`, in the same order. */
  asked(task: number, paths: readonly BytePath[], folded: boolean): void
  /** Nothing is left to do on either side. */
  finished(): void
}

interface SenderTask {
  readonly index: number
  ready: boolean
  cancelled: boolean
  scanned: boolean
  open: number
}

/**
 * The sending half of a session. Its surroundings scan and read (`toScan`, `next` say what) and move frames;
 * it decides what goes when. Bounded by `maxOutstanding` entries whatever the size of the tree.
 *
 * A task: offered → ready (the receiver knows it) → scanning → scanned → over. Exactly one `taskOver` answers
 * each task that became ready.
 */
export class SenderSession {
  readonly #out: SenderOutput
  readonly #hash: Hash
  readonly #zeros: ZeroDigests
  readonly #tasks = new Map<number, SenderTask>()
  readonly #readyEarly = new Set<number>()
  readonly #overEarly = new Set<number>()
  readonly #toScan: SenderTask[] = []
  readonly #files = new Map<number, OutgoingFile>()
  /** Older files that the receiver has, for what changed only in part. */
  readonly delta = new SenderDelta()
  readonly #queue = new WorkQueue()
  readonly #announcer = new Announcer((...note) => this.note(...note))
  /** Bytes of extended attributes that the receiver keeps for us. */
  #weight = 0
  #finishing = false
  #finSent = false
  #finReceived = false
  #finished = false

  constructor(out: SenderOutput, hash: Hash) {
    this.#out = out
    this.#hash = hash
    this.#zeros = new ZeroDigests(hash)
  }

  /** Entries that are announced and not settled. */
  get outstanding(): number {
    return this.#files.size
  }

  offer(tasks: readonly number[]): void {
    for (const index of tasks) {
      if (this.#overEarly.delete(index)) {
        this.#readyEarly.delete(index)
        this.#out.forget(index)
        continue
      }
      if (this.#tasks.has(index)) continue
      const task = { index, ready: false, cancelled: false, scanned: false, open: 0 }
      this.#tasks.set(index, task)
      if (this.#readyEarly.delete(index)) this.#begin(task)
    }
    this.#end()
  }

  cancel(index: number): void {
    const task = this.#tasks.get(index)
    if (task === undefined || task.cancelled) return
    task.cancelled = true
    if (task.ready) this.#out.send(encode({ type: 'cancel', task: index }))
    this.#drop(task)
    this.#end()
  }

  /** No more tasks will be offered. */
  finish(): void {
    this.#finishing = true
    this.#end()
  }

  receive(frame: ControlFrame): void {
    switch (frame.type) {
      case 'ready':
        for (const index of frame.tasks) this.#ready(index)
        return
      case 'answers':
        for (const { id, verdict } of frame.answers) this.#answer(id, verdict)
        return
      case 'have':
        this.#files.get(this.#known(frame.id))?.remember(frame.start, frame.digests)
        return
      case 'basis':
      case 'blocks':
      case 'again':
        this.#aboutDelta(frame)
        return
      case 'taskOver':
        this.#over(frame.task)
        return
      case 'ask':
        this.#ask(frame.task, frame.paths, frame.folded)
        return
      case 'fin':
        this.#finReceived = true
        for (const task of this.#tasks.values()) this.#drop(task)
        this.#tasks.clear()
        this.#end()
        return
      default:
        throw new ProtocolError('state', `a receiver does not send ${frame.type}`)
    }
  }

  /** The task to scan a little further now, if one waits and there is room for its entries. */
  toScan(): number | undefined {
    while (this.room > 0) {
      const task = this.#toScan[0]
      if (task === undefined) return undefined
      if (!task.scanned && !task.cancelled && this.#tasks.get(task.index) === task) return task.index
      this.#toScan.shift()
    }
    return undefined
  }

  /** How many entries `announce` takes at this moment. */
  get room(): number {
    // One is kept for a file that changed: it is announced anew before it is withdrawn.
    return this.#weight > maxOpenExtended / 4 ? 0 : maxOutstanding - 1 - this.#files.size
  }

  /** Some entries of a task were found: at most `room`. */
  announce(index: number, found: readonly Found[]): void {
    const task = this.#tasks.get(index)
    if (task === undefined || task.cancelled || found.length === 0) return
    this.#announce(task, found, 0)
  }

  /** A part of the source is left out, with the reason. */
  note(task: number, path: BytePath, code: string, message: string): void {
    this.#out.send(encode({ type: 'note', task, path, code, message }))
  }

  /** The scan of a task is through; with a code the task as a whole failed. */
  scanned(index: number, code: string, message: string): void {
    const task = this.#tasks.get(index)
    if (task === undefined || task.cancelled) return
    task.scanned = true
    this.#out.send(encode({ type: 'scanned', task: index, code, message }))
  }

  /** What to read and send next; each piece of work is handed out once. */
  next(): Work | undefined {
    return this.#queue.next()
  }

  /** A chunk was read: sends word if the receiver has it already. */
  chunkRead(work: ChunkWork, digest: Buffer): { readonly missing: boolean; readonly last: boolean } {
    const { comparing } = work.file
    const outcome = work.file.chunkRead(work.index, digest)
    if (!outcome.missing && !comparing && !work.file.dropped) {
      this.#out.send(encode({ type: 'same', id: work.file.entry.id, start: work.index, count: 1 }))
    }
    return outcome
  }

  /**
   * The file is a hole from chunk `work.index` on, for `count` chunks: none of them is read. Answers with how many
   * bytes that settled, and whether nothing of the file is left to read.
   */
  zerosRead({ file, index }: ChunkWork, count: number): { readonly bytes: number; readonly last: boolean } {
    const { id, size } = file.entry
    const taken = file.takeAlong(index, count)
    const { runs, last } = file.zerosRead(index, taken, this.#zeros)
    for (const { start, count: chunks, missing } of file.comparing || file.dropped ? [] : runs) {
      this.#out.send(encode({ type: missing ? 'zeros' : 'same', id, start, count: chunks }))
    }
    return { bytes: runLength(size, index, taken), last }
  }

  /** A chunk that is to be sent again was read: whether it still is what it was. */
  chunkReread({ file, index }: ChunkWork, digest: Buffer): boolean {
    return file.isAsRead(index, digest)
  }

  /** All chunks of a large file were read, and it did not change meanwhile. */
  fileRead(file: OutgoingFile): void {
    if (file.dropped) return
    if (file.comparing) {
      const { id, size } = file.entry
      const same = file.compared()
      // It may be asked for next, and then comes anew.
      this.#queue.remove(file)
      this.#out.send(
        encode(same ? { type: 'same', id, start: 0, count: chunkCount(size) } : { type: 'differs', id }),
      )
      return
    }
    this.#out.send(encode({ type: 'fileEnd', id: file.entry.id, digest: file.digest(this.#hash) }))
  }

  /** Answers an `ask`; with a code nothing is known of any of its paths. */
  lacks(task: number, lacking: readonly boolean[], code = '', message = ''): void {
    if (this.#tasks.has(task)) this.#out.send(encode({ type: 'lacks', task, lacking, code, message }))
  }

  fileLost(file: OutgoingFile, code: string, message: string): void {
    if (!this.#remove(file)) return
    this.#out.send(encode({ type: 'fileLost', id: file.entry.id, code, message }))
  }

  /** A file that was asked for is not to be read yet: nothing of it is handed out until `resume`. */
  postpone(file: OutgoingFile): void {
    this.#queue.remove(file)
    file.rewind()
  }

  /** It may be read now. */
  resume(file: OutgoingFile): void {
    if (!file.dropped) this.#queue.add(file)
  }

  /** What was read of the file is not to be used: it stays open at the receiver until it changed, or is lost. */
  suspend(file: OutgoingFile): void {
    file.dropped = true
    this.#queue.remove(file)
  }

  /** The file is not what was announced: announces it anew, as it is now. */
  fileChanged(file: OutgoingFile, now: Found): void {
    const task = this.#tasks.get(file.entry.task)
    if (!this.#remove(file) || task === undefined) return
    // In this order, so that the task does not look settled in between.
    this.#announce(task, [now], file.tries + 1)
    this.#out.send(encode({ type: 'fileLost', id: file.entry.id, code: '', message: '' }))
  }

  #announce(task: SenderTask, found: readonly Found[], tries: number): void {
    task.open += found.length
    for (const entries of this.#announcer.batches(task.index, found)) {
      for (const entry of entries) {
        const file = new OutgoingFile(entry, tries)
        this.#files.set(entry.id, file)
        this.#weight += file.weight
      }
      this.#out.send(encode({ type: 'entries', entries }))
    }
  }

  #begin(task: SenderTask): void {
    task.ready = true
    this.#toScan.push(task)
  }

  #ready(index: number): void {
    const task = this.#tasks.get(index)
    if (task === undefined) {
      if (this.#readyEarly.size >= maxTasks) throw new ProtocolError('limit', 'too many tasks')
      this.#readyEarly.add(index)
    } else if (task.ready) {
      throw new ProtocolError('state', 'a task became ready twice')
    } else if (task.cancelled) {
      task.ready = true
      this.#out.send(encode({ type: 'cancel', task: index }))
    } else {
      this.#begin(task)
    }
  }

  #over(index: number): void {
    const task = this.#tasks.get(index)
    if (task === undefined) {
      if (this.#overEarly.size >= maxTasks) throw new ProtocolError('limit', 'too many tasks')
      this.#overEarly.add(index)
      return
    }
    this.#tasks.delete(index)
    this.#drop(task)
    this.#end()
  }

  #answer(id: number, verdict: Verdict): void {
    const file = this.#files.get(this.#known(id))
    if (file === undefined) return
    if (verdict !== 'send' && verdict !== 'compare') {
      this.#remove(file)
      this.#out.settled(file, verdict)
    } else if (file.entry.kind === 'directory') {
      throw new ProtocolError('state', 'a directory has no data to send')
    } else if (file.wanted) {
      throw new ProtocolError('state', 'a file was asked for twice')
    } else if (verdict === 'compare' && !file.comparable) {
      throw new ProtocolError('state', 'there is nothing to compare a file with')
    } else {
      this.delta.wanted(file)
      file.wanted = true
      file.comparing = verdict === 'compare'
      this.#queue.add(file)
    }
  }

  #aboutDelta(frame: Extract<ControlFrame, { type: 'basis' | 'blocks' | 'again' }>): void {
    const file = this.#files.get(this.#known(frame.id))
    if (file === undefined) return
    if (frame.type === 'basis') {
      this.delta.begin(file, frame.size)
    } else if (frame.type === 'blocks') {
      this.delta.add(file, frame.blocks)
    } else {
      this.delta.again(file, frame.index)
      this.#queue.addFirst(file)
    }
  }

  #ask(index: number, paths: readonly BytePath[], folded: boolean): void {
    const task = this.#tasks.get(index)
    // The task ended here while the question was under way.
    if (task === undefined || task.cancelled) return
    if (!task.scanned) throw new ProtocolError('state', 'a question about a task that was not scanned')
    for (const path of paths) {
      if (path === '' || pathFault(path) !== undefined) {
        throw new ProtocolError('state', 'a question about a path that cannot be')
      }
    }
    this.#out.asked(index, paths, folded)
  }

  /** Ids that were settled meanwhile are fine, ids that were never given are not. */
  #known(id: number): number {
    if (id > this.#announcer.lastId)
      throw new ProtocolError('state', 'an answer to an entry that was never sent')
    return id
  }

  #remove(file: OutgoingFile): boolean {
    if (!this.#files.delete(file.entry.id)) return false
    file.dropped = true
    this.#weight -= file.weight
    this.delta.forget(file)
    const task = this.#tasks.get(file.entry.task)
    if (task !== undefined) task.open--
    return true
  }

  #drop(task: SenderTask): void {
    if (task.open > 0) {
      for (const file of this.#files.values()) {
        if (file.entry.task !== task.index) continue
        this.#files.delete(file.entry.id)
        file.dropped = true
        this.#weight -= file.weight
        this.delta.forget(file)
        this.#out.settled(file, 'failed')
      }
      task.open = 0
    }
    this.#announcer.forget(task.index)
    this.#out.forget(task.index)
  }

  #end(): void {
    if (!this.#finSent && this.#finishing) {
      for (const task of this.#tasks.values()) if (!task.cancelled || task.ready) return
      this.#finSent = true
      this.#out.send(encode({ type: 'fin' }))
    }
    if (!this.#finSent || !this.#finReceived || this.#finished) return
    this.#finished = true
    this.#out.finished()
  }
}
