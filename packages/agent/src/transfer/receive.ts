import type { SessionTask } from '@waybill/api'
import {
  type BytePath,
  type IncomingFile,
  type IncomingTask,
  type Payload,
  type ReceiverOutput,
  ReceiverSession,
  showPath,
  smallFile,
  type TaskOutcome,
} from '@waybill/asc'
import { Committer } from './committer.js'
import { faultOf } from './fault.js'
import { hash128 } from './hash.js'
import { removeQuietly } from './journal.js'
import type { Locks } from './locks.js'
import { Partial } from './partial.js'
import { type Place, Places } from './place.js'
import {
  type DirectoryTime,
  finishDirectories,
  holdsSame,
  makeDirectory,
  targetOf,
  writePart,
} from './target.js'
import { journalName, partName } from './temporary.js'

/** What the receiving side needs of its session. */
export interface ReceiveHost {
  send(frame: Buffer): void
  /** The link is to be paused while too much waits to be written, and resumed. */
  pause(paused: boolean): void
  over(task: SessionTask, outcome: TaskOutcome): void
  finished(): void
  /** Targets that are written to by any session of this process. */
  readonly locks: Locks
}

interface TargetTask {
  readonly task: SessionTask
  readonly place: Place | undefined
  readonly directories: DirectoryTime[]
}

/** A large file, from the moment that its target is locked. */
interface LargeFile {
  readonly place: Place
  readonly target: BytePath
  readonly unlock: () => void
  partial: Partial | undefined
}

/** Bytes that may wait for the disk before the link is paused. */
const maxUnwritten = 16 * 1024 * 1024

/** The receiving side of a session: does on the file system what the ASC machine asks for. */
export class Receive implements ReceiverOutput {
  readonly session: ReceiverSession
  readonly #host: ReceiveHost
  readonly #places = new Places()
  readonly #committer = new Committer()
  readonly #tasks = new Map<number, TargetTask>()
  readonly #large = new Map<IncomingFile, LargeFile>()
  readonly #pending = new Set<Promise<void>>()
  #wrapping = Promise.resolve()
  #unwritten = 0
  #flushPlanned = false
  #closed = false

  constructor(host: ReceiveHost) {
    this.#host = host
    this.session = new ReceiverSession(this, hash128, () => performance.now())
  }

  /** Tasks under way, with what is done of each. */
  *executing(): Generator<{ task: string; bytes: number; files: number }> {
    for (const { index, bytes, files } of this.session.tasks.values()) {
      const known = this.#tasks.get(index)
      if (known !== undefined && bytes + files > 0) yield { task: known.task.task, bytes, files }
    }
  }

  offer(tasks: readonly SessionTask[]): void {
    const fresh = tasks.filter(({ index }) => !this.#tasks.has(index))
    this.session.offer(fresh.map((task) => ({ index: task.index, ...this.#place(task) })))
  }

  /** Takes tasks back, by their ids. */
  cancel(ids: ReadonlySet<string>): void {
    for (const [index, { task }] of this.#tasks) if (ids.has(task.task)) this.session.cancel(index)
  }

  /** Call after each batch of input: answers go out together. */
  planFlush(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    setImmediate(() => {
      this.#flushPlanned = false
      if (!this.#closed) this.session.flush()
    })
  }

  /** Ends: what is under way is closed, parts stay for the next time. */
  async close(): Promise<void> {
    this.#closed = true
    for (const file of [...this.#large.keys()]) {
      file.dropped = true
      this.abandon(file, true)
    }
    await this.#committer.idle()
    await Promise.allSettled(this.#pending)
    this.#places.close()
  }

  send(frame: Buffer): void {
    this.#host.send(frame)
  }

  check(file: IncomingFile): void {
    const task = this.#tasks.get(file.task.index)
    if (task?.place === undefined) return
    try {
      this.#check(file, task.place, task.directories)
    } catch (error) {
      this.#fail(file, error)
    }
    this.planFlush()
  }

  store(file: IncomingFile, data: Buffer): void {
    const place = this.#tasks.get(file.task.index)?.place
    if (place === undefined) return
    const target = targetOf(place, file.entry)
    const key = lockKey(place, target)
    const unlock = this.#host.locks.tryTake(key)
    if (unlock !== undefined) {
      this.#store(file, place, target, data, unlock)
      return
    }
    // Rare: another task writes the very same target. The data is only ours during this call.
    const kept = Buffer.from(data)
    this.#track(this.#host.locks.take(key).then((late) => this.#store(file, place, target, kept, late)))
  }

  write(
    file: IncomingFile,
    index: number,
    offset: number,
    data: Buffer,
    digest: Buffer,
    payload: Payload,
  ): void {
    const large = this.#large.get(file)
    try {
      if (large === undefined) throw new Error('The file is not open')
      large.partial ??= new Partial(file, large.place.tree, large.target)
    } catch (error) {
      payload.release()
      this.#fail(file, error)
      return
    }
    this.#count(data.length)
    large.partial.write(index, offset, data, digest, (error) => {
      payload.release()
      this.#count(-data.length)
      if (error === undefined) this.session.written(file, index)
      else this.#fail(file, error)
      this.planFlush()
    })
  }

  commit(file: IncomingFile): void {
    const large = this.#large.get(file)
    if (large !== undefined) this.#track(this.#commit(file, large))
  }

  abandon(file: IncomingFile, keep: boolean): void {
    const large = this.#large.get(file)
    if (large === undefined) return
    this.#large.delete(file)
    if (large.partial === undefined) large.unlock()
    else this.#track(large.partial.discard(keep).finally(large.unlock))
  }

  wrapUp(task: IncomingTask): void {
    const known = this.#tasks.get(task.index)
    if (known?.place === undefined) return
    const { place, directories } = known
    const finish = async () => {
      try {
        await finishDirectories(place.tree, directories)
      } catch (error) {
        const { code, message } = faultOf(error, 'write', 'Cannot finish the directories')
        task.fail(code, message)
      }
      if (!this.#closed) this.session.wrappedUp(task)
    }
    // One after the other: a task must not be reported while another one still syncs a directory of both.
    this.#wrapping = this.#wrapping.then(finish)
    this.#track(this.#wrapping)
  }

  over(outcome: TaskOutcome): void {
    const known = this.#tasks.get(outcome.index)
    this.#tasks.delete(outcome.index)
    if (known !== undefined) this.#host.over(known.task, outcome)
  }

  finished(): void {
    this.#host.finished()
  }

  #place(task: SessionTask): { fault?: { code: string; message: string } } {
    try {
      const place = this.#places.target(task.location)
      this.#tasks.set(task.index, { task, place, directories: [] })
      return {}
    } catch (error) {
      this.#tasks.set(task.index, { task, place: undefined, directories: [] })
      const { code, message } = faultOf(error, 'write', `Cannot write to ${task.location.path}`)
      return { fault: { code, message } }
    }
  }

  #check(file: IncomingFile, place: Place, directories: DirectoryTime[]): void {
    const { entry } = file
    if (entry.kind === 'directory') {
      makeDirectory(place, entry)
      directories.push({ path: targetOf(place, entry), mtime: entry.mtime })
      this.session.done(file)
    } else if (holdsSame(place, entry)) {
      this.session.skipped(file)
    } else if (entry.size < smallFile) {
      this.session.wanted(file)
    } else {
      this.#track(this.#examine(file, place))
    }
  }

  async #examine(file: IncomingFile, place: Place): Promise<void> {
    const target = targetOf(place, file.entry)
    const unlock = await this.#host.locks.take(lockKey(place, target))
    if (file.dropped) {
      unlock()
      return
    }
    this.#large.set(file, { place, target, unlock, partial: undefined })
    try {
      await Partial.examine(file, place.tree, target)
      this.session.wanted(file)
    } catch (error) {
      this.#fail(file, error)
    }
    this.planFlush()
  }

  #store(file: IncomingFile, place: Place, target: BytePath, data: Buffer, unlock: () => void): void {
    const part = partName(target)
    if (file.dropped) {
      unlock()
      return
    }
    try {
      writePart(place.tree, part, target, file.entry, data)
    } catch (error) {
      try {
        removeQuietly(place.tree.at(part))
      } catch {
        // Its directory cannot even be reached.
      }
      unlock()
      this.#fail(file, error)
      return
    }
    const done = (error: unknown) => {
      unlock()
      this.#settle(file, error)
    }
    this.#committer.add({ tree: place.tree, part, target, durable: false, done })
  }

  async #commit(file: IncomingFile, large: LargeFile): Promise<void> {
    const { place, target, unlock } = large
    this.#large.delete(file)
    try {
      // Without any chunk that had to be sent the part was never opened.
      const partial = large.partial ?? new Partial(file, place.tree, target)
      const durable = await partial.seal()
      const error = await new Promise<unknown>((resolve) => {
        this.#committer.add({ tree: place.tree, part: partName(target), target, durable, done: resolve })
      })
      if (error === undefined) removeQuietly(place.tree.at(journalName(target)))
      this.#settle(file, error)
    } catch (error) {
      this.#fail(file, error)
    } finally {
      unlock()
    }
  }

  #settle(file: IncomingFile, error: unknown): void {
    if (this.#closed) return
    if (error === undefined) this.session.done(file)
    else this.#fail(file, error)
    this.planFlush()
  }

  #fail(file: IncomingFile, error: unknown): void {
    if (this.#closed) return
    const place = this.#tasks.get(file.task.index)?.place
    const name = place === undefined ? file.entry.path : targetOf(place, file.entry)
    const { code, message } = faultOf(error, 'write', `Cannot write ${showPath(name)}`)
    this.session.failed(file, code, message)
    this.planFlush()
  }

  #count(bytes: number): void {
    const before = this.#unwritten
    this.#unwritten += bytes
    if (before <= maxUnwritten && this.#unwritten > maxUnwritten) this.#host.pause(true)
    else if (before > maxUnwritten / 2 && this.#unwritten <= maxUnwritten / 2) this.#host.pause(false)
  }

  #track(work: Promise<void>): void {
    this.#pending.add(work)
    const forget = () => {
      this.#pending.delete(work)
    }
    work.then(forget, forget)
  }
}

function lockKey(place: Place, target: BytePath): string {
  const root = Buffer.from(place.tree.path).toString('latin1')
  return `${root.endsWith('/') ? root.slice(0, -1) : root}/${target}`
}
