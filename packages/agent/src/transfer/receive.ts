import type { SessionTask } from '@waybill/api'
import {
  type BytePath,
  type IncomingFile,
  type IncomingTask,
  type Patch,
  type Payload,
  parentPath,
  type ReceiverOutput,
  ReceiverSession,
  runLength,
  showPath,
  smallFile,
  type TaskOutcome,
} from '@waybill/asc'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { Owners } from '../platform/owners.js'
import { Committer } from './commit/committer.js'
import { Deltas } from './delta/deltas.js'
import { type Fault, faultOf } from './fault.js'
import { hash128 } from './hash.js'
import { removeQuietly } from './journal.js'
import { Partial } from './partial.js'
import { Places } from './place.js'
import { Previews } from './preview/previews.js'
import { Backlog } from './receiving/backlog.js'
import { holdContents } from './receiving/content.js'
import { HardLinks } from './receiving/hard-links.js'
import type { ReceiveHost } from './receiving/host.js'
import { Pending } from './receiving/pending.js'
import { reserves, Space } from './receiving/space.js'
import {
  isPlaced,
  lockKey,
  type Placed,
  partOptions,
  type TargetTask,
  targetTask,
} from './receiving/target-task.js'
import { type Said, saidBySender, wrapUp } from './receiving/wrap-up.js'
import { Questions } from './sync/questions.js'
import { Trashes } from './sync/trash.js'
import { makeDirectory, stateOf, syncChanged, targetOf, writePart } from './target.js'
import { journalName, partName } from './temporary.js'

/** A large file, from the moment that its target is locked. */
interface LargeFile {
  readonly known: Placed
  readonly target: BytePath
  readonly unlock: () => void
  partial: Partial | undefined
}

/** The receiving side of a session: does on the file system what the ASC machine asks for. */
export class Receive implements ReceiverOutput {
  readonly session: ReceiverSession
  readonly #host: ReceiveHost
  readonly #places = new Places()
  readonly #committer = new Committer()
  readonly #tasks = new Map<number, TargetTask>()
  readonly #large = new Map<IncomingFile, LargeFile>()
  readonly #pending = new Pending()
  readonly #space = new Space()
  readonly #backlog = new Backlog((paused) => this.#host.pause(paused))
  readonly #questions = new Questions((task, paths, folded) => this.session.ask(task, paths, folded))
  readonly #owners = new Owners()
  readonly #hardLinks: HardLinks
  readonly #deltas: Deltas
  readonly #trashes = new Trashes()
  readonly #previews: Previews
  #wrapping = Promise.resolve()
  #comparing = Promise.resolve()
  #syncing = false
  #flushPlanned = false
  #closed = false

  constructor(host: ReceiveHost) {
    this.#host = host
    this.session = new ReceiverSession(this, hash128, () => performance.now())
    this.#deltas = new Deltas(this.session, host)
    this.#hardLinks = new HardLinks({
      locks: host.locks,
      committer: this.#committer,
      linked: (file, known) => {
        if (!this.#closed && !file.dropped) this.#skip(file, known)
        this.planFlush()
      },
      copy: (file) => this.check(file),
      failed: (file, error) => this.#fail(file, error),
    })
    this.#previews = new Previews(this.session, {
      write: (line) => host.manifest?.write(line),
      planFlush: () => this.planFlush(),
      track: (work) => this.#pending.track(work),
      isClosed: () => this.#closed,
    })
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
    for (const { index } of fresh) this.#previews.begin(index, this.#tasks.get(index))
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
    this.#questions.close()
    await this.#committer.idle()
    await this.#pending.settled()
    for (const { directories } of this.#tasks.values()) directories.close()
    this.#trashes.close()
    this.#places.close()
  }

  send(frame: Buffer): void {
    this.#host.send(frame)
  }

  check(file: IncomingFile): void {
    if (this.#previews.check(file, this.#tasks.get(file.task.index))) return
    this.#try(file, (known) => this.#check(file, known))
  }

  link(file: IncomingFile, path: BytePath): void {
    const known = this.#placed(file)
    if (known === undefined) return
    if (!known.attributes.links || known.options.dryRun) this.check(file)
    else this.#pending.track(this.#hardLinks.make(file, known, path))
  }

  differs(file: IncomingFile): void {
    if (this.#previews.differs(file)) return
    this.#try(file, (known) => this.#fetch(file, known))
  }

  store(file: IncomingFile, data: Buffer): void {
    const known = this.#placed(file)
    if (known === undefined) return
    const target = targetOf(known.place, file.entry)
    const key = lockKey(known.place, target)
    const unlock = this.#host.locks.tryTake(key)
    if (unlock !== undefined) {
      this.#store(file, known, target, data, unlock)
      return
    }
    // Rare: another task writes the very same target. The data is only ours during this call.
    const kept = Buffer.from(data)
    this.#pending.track(
      this.#host.locks.take(key).then((late) => this.#store(file, known, target, kept, late)),
    )
  }

  write(
    file: IncomingFile,
    index: number,
    offset: number,
    data: Buffer,
    digest: Buffer,
    payload: Payload,
  ): void {
    const partial = this.#opened(file)
    if (partial === undefined) {
      payload.release()
      return
    }
    this.#backlog.count(data.length)
    partial.write(index, offset, data, digest, (error) => {
      payload.release()
      this.#backlog.count(-data.length)
      this.#space.wrote(file, data.length)
      if (error === undefined) this.session.written(file, index)
      else this.#fail(file, error)
      this.planFlush()
    })
  }

  rebuild(file: IncomingFile, patch: Patch, payload: Payload): void {
    this.#deltas.rebuild(file, patch, payload)
  }

  zeros(file: IncomingFile, start: number, count: number): void {
    this.#opened(file)?.zeros(start, count, (error) => {
      this.#space.wrote(file, runLength(file.entry.size, start, count))
      if (error === undefined) this.session.zeroed(file, start, count)
      else this.#fail(file, error)
      this.planFlush()
    })
  }

  commit(file: IncomingFile): void {
    const large = this.#large.get(file)
    if (large !== undefined) this.#pending.track(this.#commit(file, large))
  }

  abandon(file: IncomingFile, keep: boolean): void {
    this.#space.release(file)
    this.#deltas.forget(file)
    const large = this.#large.get(file)
    if (large === undefined) return
    this.#large.delete(file)
    if (large.partial === undefined) large.unlock()
    else this.#pending.track(large.partial.discard(keep).finally(large.unlock))
  }

  succeeded(file: IncomingFile, verdict: 'done' | 'skip'): void {
    if (this.#previews.succeeded(file)) return
    const known = this.#placed(file)
    if (known !== undefined) this.#host.manifest?.note(file, known, verdict)
  }

  wrapUp(task: IncomingTask): void {
    const known = this.#tasks.get(task.index)
    if (known === undefined || !isPlaced(known)) return
    const host = {
      ask: (paths: readonly BytePath[], folded: boolean) => this.#questions.ask(task, paths, folded),
      isAlive: () => !this.#closed && this.#tasks.get(task.index) === known,
      trashes: this.#trashes,
    }
    const finish = async () => {
      await (this.#previews.wrapUp(task, known, host) ?? wrapUp(task, known, host))
      if (!this.#closed) this.session.wrappedUp(task)
    }
    this.#wrap(finish)
  }

  lacking(task: IncomingTask, lacking: readonly boolean[], fault: Said | undefined): void {
    this.#questions.answer(task, lacking, fault && saidBySender(fault))
  }

  over(outcome: TaskOutcome): void {
    const known = this.#tasks.get(outcome.index)
    this.#tasks.delete(outcome.index)
    this.#previews.over(outcome.index)
    known?.directories.close()
    if (known?.options.mode === 'onewaysync') this.#questions.forget(outcome.index)
    if (known !== undefined) this.#host.over(known.task, outcome)
  }

  finished(): void {
    this.#host.finished()
  }

  /** One after the other: a task must not be reported while another one still syncs a directory of both. */
  #wrap(work: () => Promise<void>): void {
    this.#wrapping = this.#wrapping.then(work)
    this.#pending.track(this.#wrapping)
  }

  #place(task: SessionTask): { fault?: Fault } {
    const { known, fault } = targetTask(task, this.#places, this.#owners)
    this.#tasks.set(task.index, known)
    return fault === undefined ? {} : { fault }
  }

  #check(file: IncomingFile, known: Placed): void {
    const { entry } = file
    const { place, options, directories } = known
    if (entry.kind === 'directory') {
      makeDirectory(place, entry)
      const { mtime, mode, owner, extended } = entry
      const more = { ...(owner && { owner }), ...(extended && { extended }) }
      directories.add({ path: targetOf(place, entry), mtime, mode, ...more })
      this.#syncSome(place.tree)
      this.session.done(file)
      return
    }
    const state = stateOf(place, entry, options)
    if (state === 'current') this.#skip(file, known)
    else if (state === 'outdated') this.#fetch(file, known)
    else this.#compare(file, known)
  }

  /** What is there will do, once the manifest knows of it what it has to know. */
  #skip(file: IncomingFile, known: Placed): void {
    const looking = this.#host.manifest?.look(file, known)
    if (looking === undefined) {
      this.session.skipped(file)
      return
    }
    const skip = () => {
      if (!this.#closed) this.session.skipped(file)
      this.planFlush()
    }
    this.#pending.track(looking.then(skip))
  }

  /** One after the other: thousands may wait, and each holds a chunk. */
  #compare(file: IncomingFile, known: Placed): void {
    const { tree } = known.place
    const target = targetOf(known.place, file.entry)
    this.#comparing = this.#comparing.then(async () => {
      const held = !this.#closed && !file.dropped && (await holdContents(file, tree, target))
      if (this.#closed || file.dropped) return
      if (held) {
        this.session.compare(file)
        this.planFlush()
      } else {
        file.forgetHeld()
        this.differs(file)
      }
    })
    this.#pending.track(this.#comparing)
  }

  #fetch(file: IncomingFile, known: Placed): void {
    if (file.entry.size >= smallFile) this.#pending.track(this.#examine(file, known))
    else this.#want(file, known, file.entry.size)
  }

  /** Asks for the file, if there is space for as many bytes of it as are missing. */
  #want(file: IncomingFile, { place, options }: Placed, missing: number): void {
    if (file.dropped) return
    if (reserves(options.reserve)) {
      const directory = place.tree.directory(parentPath(targetOf(place, file.entry)), true)
      this.#space.claim(file, directory, missing, options.reserve)
    }
    this.session.wanted(file)
  }

  async #examine(file: IncomingFile, known: Placed): Promise<void> {
    const { place } = known
    const target = targetOf(place, file.entry)
    const unlock = await this.#host.locks.take(lockKey(place, target))
    if (file.dropped) {
      unlock()
      return
    }
    this.#large.set(file, { known, target, unlock, partial: undefined })
    try {
      const trusted = await Partial.examine(file, place.tree, target, partOptions(known))
      const missing = file.entry.size - trusted
      await this.#deltas.offer(file, place.tree, target, missing, known.options.delta)
      this.#want(file, known, missing)
    } catch (error) {
      this.#fail(file, error)
    }
    this.planFlush()
  }

  #store(file: IncomingFile, known: Placed, target: BytePath, data: Buffer, unlock: () => void): void {
    const { place, attributes, options } = known
    const part = partName(target)
    if (file.dropped) {
      unlock()
      return
    }
    let durable: boolean
    try {
      durable = writePart(place.tree, target, file.entry, data, attributes, (words) => warn(file, words))
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
    this.#committer.add({ tree: place.tree, part, target, durable, yields: options.ignoreExisting, done })
  }

  async #commit(file: IncomingFile, large: LargeFile): Promise<void> {
    const { known, target, unlock } = large
    const { tree } = known.place
    this.#large.delete(file)
    this.#deltas.forget(file)
    try {
      // Without any chunk that had to be sent the part was never opened.
      const partial = large.partial ?? this.#open(file, large)
      const durable = await partial.seal((words) => warn(file, words))
      const yields = known.options.ignoreExisting
      const error = await new Promise<unknown>((resolve) => {
        this.#committer.add({ tree, part: partName(target), target, durable, yields, done: resolve })
      })
      if (error === undefined) removeQuietly(tree.at(journalName(target)))
      this.#settle(file, error)
    } catch (error) {
      this.#fail(file, error)
    } finally {
      unlock()
    }
  }

  /** The part of a large file; undefined when it cannot be opened, which fails the file. */
  #opened(file: IncomingFile): Partial | undefined {
    const large = this.#large.get(file)
    try {
      if (large === undefined) throw new Error('The file is not open')
      large.partial ??= this.#open(file, large)
      return large.partial
    } catch (error) {
      this.#fail(file, error)
      return undefined
    }
  }

  #open(file: IncomingFile, { known, target }: LargeFile): Partial {
    return new Partial(file, known.place.tree, target, partOptions(known))
  }

  /** So that what waits to be made durable is never much. What cannot be synced is tried again at the end. */
  #syncSome(tree: DirectoryTree): void {
    if (this.#syncing || !tree.hasManyChanged) return
    this.#syncing = true
    this.#wrap(async () => {
      await syncChanged(tree).catch(() => undefined)
      this.#syncing = false
    })
  }

  #placed(file: IncomingFile): Placed | undefined {
    const known = this.#tasks.get(file.task.index)
    return known !== undefined && isPlaced(known) ? known : undefined
  }

  #try(file: IncomingFile, action: (known: Placed) => void): void {
    const known = this.#placed(file)
    if (known === undefined) return
    try {
      action(known)
    } catch (error) {
      this.#fail(file, error)
    }
    this.planFlush()
  }

  #settle(file: IncomingFile, error: unknown): void {
    this.#space.release(file)
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
}

/** An attribute of a file could not be set. */
function warn(file: IncomingFile, words: string): void {
  file.task.note(file.entry.path, 'W#J060', words)
}
