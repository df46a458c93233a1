import {
  type BytePath,
  type IncomingFile,
  type Patch,
  type Payload,
  type ReceiverSession,
  runLength,
} from '@waybill/asc'
import type { Committer } from '../commit/committer.js'
import { Deltas } from '../delta/deltas.js'
import { removeQuietly } from '../journal.js'
import { Partial } from '../partial.js'
import { targetOf } from '../target.js'
import { journalName, partName } from '../temporary.js'
import { warn } from './attributes.js'
import { Backlog } from './backlog.js'
import type { ReceiveHost } from './host.js'
import type { Pending } from './pending.js'
import type { Space } from './space.js'
import { lockKey, type Placed, partOptions } from './target-task.js'

/** What large files need of the receiving side. */
export interface LargeHost {
  readonly session: ReceiverSession
  readonly link: ReceiveHost
  readonly committer: Committer
  readonly space: Space
  readonly pending: Pending
  /** Asks for the file, of which so many bytes are missing. */
  want(file: IncomingFile, known: Placed, missing: number): void
  /** It is in its place, or could not be put there. */
  settle(file: IncomingFile, error: unknown): void
  fail(file: IncomingFile, error: unknown): void
  planFlush(): void
}

/** A large file, from the moment that its target is locked. */
interface LargeFile {
  readonly known: Placed
  readonly target: BytePath
  readonly unlock: () => void
  partial: Partial | undefined
}

/** Files that come in chunks: looked for what is there of them, written to their parts, and committed. */
export class LargeFiles {
  readonly #host: LargeHost
  readonly #files = new Map<IncomingFile, LargeFile>()
  readonly #backlog: Backlog
  readonly #deltas: Deltas

  constructor(host: LargeHost) {
    this.#host = host
    this.#backlog = new Backlog((paused) => host.link.pause(paused))
    this.#deltas = new Deltas(host.session, {
      isCongested: () => host.link.isCongested(),
      line: () => host.link.line(),
      waiting: (bytes) => this.#backlog.count(bytes),
    })
  }

  /** Asks for a file, but for what an earlier session left of it, and what an older file has. */
  fetch(file: IncomingFile, known: Placed): void {
    this.#host.pending.track(this.#examine(file, known))
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
      this.#host.space.wrote(file, data.length)
      if (error === undefined) this.#host.session.written(file, index)
      else this.#host.fail(file, error)
      this.#host.planFlush()
    })
  }

  rebuild(file: IncomingFile, patch: Patch, payload: Payload): void {
    this.#deltas.rebuild(file, patch, payload)
  }

  zeros(file: IncomingFile, start: number, count: number): void {
    this.#opened(file)?.zeros(start, count, (error) => {
      this.#host.space.wrote(file, runLength(file.entry.size, start, count))
      if (error === undefined) this.#host.session.zeroed(file, start, count)
      else this.#host.fail(file, error)
      this.#host.planFlush()
    })
  }

  commit(file: IncomingFile): void {
    const large = this.#files.get(file)
    if (large !== undefined) this.#host.pending.track(this.#commit(file, large))
  }

  abandon(file: IncomingFile, keep: boolean): void {
    this.#deltas.forget(file)
    const large = this.#files.get(file)
    if (large === undefined) return
    this.#files.delete(file)
    if (large.partial === undefined) large.unlock()
    else this.#host.pending.track(large.partial.discard(keep).finally(large.unlock))
  }

  /** Gives all of them up; parts stay for the next time. */
  close(): void {
    for (const file of [...this.#files.keys()]) {
      file.dropped = true
      this.#host.space.release(file)
      this.abandon(file, true)
    }
  }

  async #examine(file: IncomingFile, known: Placed): Promise<void> {
    const { tree } = known.place
    const target = targetOf(known.place, file.entry)
    const unlock = await this.#host.link.locks.take(lockKey(known.place, target))
    if (file.dropped) {
      unlock()
      return
    }
    this.#files.set(file, { known, target, unlock, partial: undefined })
    try {
      const trusted = await Partial.examine(file, tree, target, partOptions(known))
      const missing = file.entry.size - trusted
      await this.#deltas.offer(file, tree, target, missing, known.options.delta)
      this.#host.want(file, known, missing)
    } catch (error) {
      this.#host.fail(file, error)
    }
    this.#host.planFlush()
  }

  async #commit(file: IncomingFile, large: LargeFile): Promise<void> {
    const { known, target, unlock } = large
    const { tree } = known.place
    this.#files.delete(file)
    // Some systems replace no file that is open.
    this.#deltas.forget(file)
    try {
      // Without any chunk that had to be sent the part was never opened.
      const partial = large.partial ?? this.#open(file, large)
      const durable = await partial.seal((words) => warn(file, words))
      const yields = known.options.ignoreExisting
      const error = await new Promise<unknown>((resolve) => {
        this.#host.committer.add({ tree, part: partName(target), target, durable, yields, done: resolve })
      })
      if (error === undefined) removeQuietly(tree.at(journalName(target)))
      this.#host.settle(file, error)
    } catch (error) {
      this.#host.fail(file, error)
    } finally {
      unlock()
      this.#deltas.wake()
    }
  }

  /** The part of a large file; undefined when it cannot be opened, which fails the file. */
  #opened(file: IncomingFile): Partial | undefined {
    const large = this.#files.get(file)
    try {
      if (large === undefined) throw new Error('The file is not open')
      large.partial ??= this.#open(file, large)
      return large.partial
    } catch (error) {
      this.#host.fail(file, error)
      return undefined
    }
  }

  #open(file: IncomingFile, { known, target }: LargeFile): Partial {
    return new Partial(file, known.place.tree, target, partOptions(known))
  }
}
