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
  showPath,
  smallFile,
  type TaskOutcome,
} from '@waybill/asc'
import { keepsChain } from '../manifest/mhl/chain.js'
import { Generations } from '../manifest/mhl/generations.js'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { Owners } from '../platform/owners.js'
import { Committer } from './commit/committer.js'
import { type Fault, faultOf } from './fault.js'
import { hash128 } from './hash.js'
import { removeQuietly } from './journal.js'
import { Places } from './place.js'
import { Previews } from './preview/previews.js'
import { warn } from './receiving/attributes.js'
import { Comparisons } from './receiving/comparisons.js'
import { HardLinks } from './receiving/hard-links.js'
import type { ReceiveHost } from './receiving/host.js'
import { LargeFiles } from './receiving/large-files.js'
import { Pending } from './receiving/pending.js'
import { reserves, Space } from './receiving/space.js'
import { isPlaced, lockKey, type Placed, type TargetTask, targetTask } from './receiving/target-task.js'
import { type Said, saidBySender, wrapUp } from './receiving/wrap-up.js'
import { Questions } from './sync/questions.js'
import { Trashes } from './sync/trash.js'
import { makeDirectory, stateOf, syncChanged, targetOf, writePart } from './target.js'
import { partName } from './temporary.js'

/** The receiving side of a session: does on the file system what the ASC machine asks for. */
export class Receive implements ReceiverOutput {
  readonly session: ReceiverSession
  readonly #host: ReceiveHost
  readonly #places = new Places()
  readonly #committer = new Committer()
  readonly #tasks = new Map<number, TargetTask>()
  readonly #large: LargeFiles
  readonly #pending = new Pending()
  readonly #space = new Space()
  readonly #questions = new Questions((task, paths, folded) => this.session.ask(task, paths, folded))
  readonly #owners = new Owners()
  readonly #comparisons: Comparisons
  readonly #hardLinks: HardLinks
  readonly #trashes = new Trashes()
  readonly #previews: Previews
  readonly #generations: Generations | undefined
  #wrapping = Promise.resolve()
  #syncing = false
  #flushPlanned = false
  #closed = false

  constructor(host: ReceiveHost) {
    this.#host = host
    this.session = new ReceiverSession(this, hash128, () => performance.now())
    this.#large = new LargeFiles({
      session: this.session,
      link: host,
      committer: this.#committer,
      space: this.#space,
      pending: this.#pending,
      want: (file, known, missing) => this.#want(file, known, missing),
      settle: (file, error) => this.#settle(file, error),
      fail: (file, error) => this.#fail(file, error),
      planFlush: () => this.planFlush(),
    })
    this.#generations = host.manifest && new Generations(host.manifest, host.locks)
    this.#comparisons = new Comparisons({
      session: this.session,
      differs: (file) => this.differs(file),
      planFlush: () => this.planFlush(),
      track: (work) => this.#pending.track(work),
      isClosed: () => this.#closed,
    })
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
    this.#host.manifest?.stop()
    this.#large.close()
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
    this.#large.write(file, index, offset, data, digest, payload)
  }

  rebuild(file: IncomingFile, patch: Patch, payload: Payload): void {
    this.#large.rebuild(file, patch, payload)
  }

  zeros(file: IncomingFile, start: number, count: number): void {
    this.#large.zeros(file, start, count)
  }

  commit(file: IncomingFile): void {
    this.#large.commit(file)
  }

  abandon(file: IncomingFile, keep: boolean): void {
    this.#space.release(file)
    this.#large.abandon(file, keep)
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
      generations: this.#generations,
    }
    const through = () => {
      if (!this.#closed) this.session.wrappedUp(task)
    }
    const finish = async () => {
      await (this.#previews.wrapUp(task, known, host) ?? wrapUp(task, known, host))
      const later = this.#generations?.ofFile(task, known, host.isAlive)
      if (later === undefined) through()
      else this.#pending.track(later.then(through))
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
    this.#host.manifest?.forget(outcome.index)
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
    const { place, options, directories, fresh } = known
    if (entry.kind === 'directory') {
      if (makeDirectory(place, entry)) fresh.add(entry.path)
      const { mtime, mode, owner, extended } = entry
      const more = { ...(owner && { owner }), ...(extended && { extended }) }
      directories.add({ path: targetOf(place, entry), mtime, mode, ...more })
      this.#syncSome(place.tree)
      this.session.done(file)
      return
    }
    if (keepsChain(known, entry.path)) {
      this.#skip(file, known)
      return
    }
    const state = stateOf(place, entry, options, fresh.holds(entry.path))
    if (state === 'current') this.#skip(file, known)
    else if (state === 'outdated') this.#fetch(file, known)
    else this.#comparisons.add(file, known)
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

  #fetch(file: IncomingFile, known: Placed): void {
    if (file.entry.size >= smallFile) this.#large.fetch(file, known)
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
