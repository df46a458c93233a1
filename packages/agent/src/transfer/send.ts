import { type BigIntStats, lstatSync } from 'node:fs'
import { fullOptions, type SessionTask } from '@waybill/api'
import {
  type BytePath,
  joinPath,
  type OutgoingFile,
  PackWriter,
  packBytes,
  type SenderOutput,
  SenderSession,
  showPath,
  smallFile,
  type Verdict,
} from '@waybill/asc'
import type { Slot } from '../network/network-link.js'
import { Owners } from '../platform/owners.js'
import { describeEntry, type Note, type Particulars, particularsOf } from '../scan/describe.js'
import { filterOf } from '../scan/filter.js'
import { type Scanner, scan } from '../scan/scan.js'
import { readSmall } from '../scan/source-file.js'
import type { BufferPool } from '../transport/buffers.js'
import { Fault, faultOf } from './fault.js'
import { hash128 } from './hash.js'
import { Places, type SourcePlace } from './place.js'
import { ChunkSender } from './sending/chunk-sender.js'
import { Resting, stampOf } from './sending/resting.js'
import { identityOf, whatIsLacking } from './sync/lacking.js'
import { retryStale } from './target.js'

/** What the sending side needs of its session. */
export interface SendHost {
  send(frame: Buffer): void
  /** Whether control frames pile up; then scanning waits. */
  isCongested(): boolean
  slot(): Slot | undefined
  finished(): void
  readonly pool: BufferPool
  /** The first pause of files that change while they are read, milliseconds; tests shorten it. */
  readonly restMs?: number | undefined
}

interface SourceTask {
  readonly task: SessionTask
  place: SourcePlace | undefined
  scanner: Scanner | undefined
  /** Which directory the source is, where the receiver may ask what it lacks. */
  identity: string | undefined
  particulars: Particulars
  warnings: number
  failures: number
  bytes: number
  files: number
}

/** Pause of a file that changed while it was read, milliseconds; later ones are longer. */
const firstPause = 500
/** Entries that one turn of scanning may find: some milliseconds of work. */
const scanStep = 256
/** What a task costs beside its entries, in entries. */
const scanCost = 8
/** Warnings, and failures, that are sent for one task; the receiver shows the first hundred. */
const maxNotes = 1000
/** Enough for the fullest pack with its heads. */
const packBuffer = packBytes + 2 * smallFile

/** The sending side of a session: scans and reads what the ASC machine asks for. */
export class Send implements SenderOutput {
  readonly session: SenderSession
  readonly #host: SendHost
  readonly #places = new Places()
  readonly #tasks = new Map<number, SourceTask>()
  readonly #chunks: ChunkSender
  readonly #owners = new Owners()
  readonly #resting: Resting
  #planned = false
  #closed = false
  /** Totals: bytes that are settled or sent, of these those that crossed the line, files settled. */
  bytes = 0
  sent = 0
  files = 0

  constructor(host: SendHost) {
    this.#host = host
    this.session = new SenderSession(this, hash128)
    this.#chunks = new ChunkSender(this.session, {
      pool: host.pool,
      placeOf: (file) => this.#placeOf(file),
      count: (file, bytes, sent) => this.#count(file, bytes, sent),
      changed: (file, now) => this.#changed(file, now),
      putOff: (file) => this.#putOff(file),
      lost: (file, error) => this.#lost(file, error),
      plan: () => this.plan(),
    })
    this.#resting = new Resting(
      {
        look: (file) => this.#look(file),
        settleOf: (file) => this.#tasks.get(file.entry.task)?.task.options?.settle ?? 0,
        othersGoOn: () =>
          this.session.outstanding > this.#resting.size + 1 || this.session.toScan() !== undefined,
        resume: (file) => {
          this.session.resume(file)
          this.plan()
        },
        announce: (file, now) => this.#announceAnew(file, now),
        lost: (file, error) => this.#lost(file, error),
      },
      host.restMs ?? firstPause,
    )
  }

  *executing(): Generator<{ task: string; bytes: number; files: number }> {
    for (const { task, bytes, files } of this.#tasks.values()) {
      if (bytes + files > 0) yield { task: task.task, bytes, files }
    }
  }

  offer(tasks: readonly SessionTask[]): void {
    const fresh = tasks.filter(({ index }) => !this.#tasks.has(index))
    for (const task of fresh) {
      const nothing = { place: undefined, scanner: undefined, identity: undefined, particulars: {} }
      this.#tasks.set(task.index, { task, ...nothing, warnings: 0, failures: 0, bytes: 0, files: 0 })
    }
    this.session.offer(fresh.map(({ index }) => index))
    this.pump()
  }

  /** Takes tasks back, by their ids. */
  cancel(ids: ReadonlySet<string>): void {
    for (const [index, { task }] of this.#tasks) if (ids.has(task.task)) this.session.cancel(index)
  }

  /** Does what can be done now: to be called whenever frames arrived or a connection has room. */
  pump(): void {
    if (this.#closed) return
    this.#scanSome()
    for (let slot = this.#host.slot(); slot !== undefined; slot = this.#host.slot()) {
      const work = this.session.next()
      if (work === undefined) {
        slot.release()
        break
      }
      if (work.kind === 'pack') this.#sendPack(work.files, slot)
      else this.#chunks.send(work, slot)
    }
    if (this.session.toScan() !== undefined && !this.#host.isCongested()) this.plan()
  }

  /** Pumps soon, after what is waiting in the event loop. */
  plan(): void {
    if (this.#planned) return
    this.#planned = true
    setImmediate(() => {
      this.#planned = false
      this.pump()
    })
  }

  close(): void {
    this.#closed = true
    for (const { scanner } of this.#tasks.values()) scanner?.close()
    this.#chunks.close()
    this.#resting.close()
    this.#tasks.clear()
    this.#places.close()
  }

  send(frame: Buffer): void {
    this.#host.send(frame)
  }

  forget(index: number): void {
    this.#tasks.get(index)?.scanner?.close()
    this.#tasks.delete(index)
  }

  settled(file: OutgoingFile, verdict: Verdict): void {
    this.#resting.forget(file)
    this.#chunks.release(file)
    if (file.entry.kind === 'directory' || verdict === 'failed') return
    if (verdict === 'skip') this.#count(file, file.entry.size, 0)
    this.files++
    const task = this.#tasks.get(file.entry.task)
    if (task !== undefined) task.files++
  }

  asked(index: number, paths: readonly BytePath[], folded: boolean): void {
    const task = this.#tasks.get(index)
    try {
      if (task?.place === undefined || task.identity === undefined) {
        throw new Fault('E#J099', 'Nothing is deleted: the sender was not told that this may happen')
      }
      const { place, identity } = task
      const isVolume = task.task.location.root !== null && place.base === ''
      this.session.lacks(index, whatIsLacking(place, paths, { identity, folded, isVolume }))
    } catch (error) {
      const { code, message } = faultOf(error, 'read', 'Nothing is deleted: the source cannot be read')
      this.session.lacks(index, [], code, message)
    }
  }

  finished(): void {
    this.#host.finished()
  }

  /** As much as one turn has time for: of many tasks that are one file each some go out together. */
  #scanSome(): void {
    for (let left = scanStep; left > 0; ) {
      const index = this.#host.isCongested() ? undefined : this.session.toScan()
      if (index === undefined) return
      left -= this.#scan(index, left) + scanCost
    }
  }

  /** Scans a task a little further. Answers with how much of `limit` that took: all, when there is more of it. */
  #scan(index: number, limit: number): number {
    const task = this.#tasks.get(index)
    if (task === undefined) {
      this.session.scanned(index, 'E#J099', 'The task is not known')
      return 0
    }
    try {
      task.scanner ??= this.#beginScan(task)
      const { scanner } = task
      const found = scanner.step(Math.min(limit, this.session.room))
      this.session.announce(index, found)
      if (!scanner.done) return limit
      this.session.scanned(index, scanner.fault?.code ?? '', scanner.fault?.message ?? '')
      return found.length
    } catch (error) {
      const { code, message } = faultOf(error, 'read', `Cannot read ${task.task.location.path}`)
      this.session.scanned(index, code, message)
      return 0
    }
  }

  #beginScan(task: SourceTask): Scanner {
    task.place = this.#places.source(task.task.location)
    const { include, exclude, options } = task.task
    const { attributes, mode } = fullOptions(options)
    task.particulars = particularsOf(attributes, this.#owners)
    const { kind, scanner } = scan(task.place, filterOf(include, exclude), {
      ...task.particulars,
      note: (...note) => this.#note(task, ...note),
    })
    if (mode === 'onewaysync' && kind === 'directory') task.identity = identityOf(task.place)
    return scanner
  }

  /** Something of the source that is left out. */
  #note(task: SourceTask, path: BytePath, code: string, message: string): void {
    // Counted apart: a failure must never go under among warnings.
    const count = code.startsWith('W') ? ++task.warnings : ++task.failures
    if (count <= maxNotes) this.session.note(task.task.index, path, code, message)
  }

  #sendPack(files: readonly OutgoingFile[], slot: Slot): void {
    const buffer = this.#host.pool.acquire(packBuffer)
    const pack = new PackWriter(buffer)
    for (const file of files) this.#addToPack(pack, file)
    if (pack.files === 0) {
      slot.release()
      this.#host.pool.release(buffer)
    } else {
      slot.send(pack.done(), () => this.#host.pool.release(buffer))
    }
  }

  #addToPack(pack: PackWriter, file: OutgoingFile): void {
    const { entry } = file
    if (file.dropped) return
    try {
      const place = this.#placeOf(file)
      if (this.#putOff(file)) return
      const room = pack.room(entry.size)
      if (room === undefined) throw new Error('The pack is full')
      const now = readSmall(place, entry, room)
      if (now !== undefined) {
        this.#changed(file, now)
        return
      }
      pack.add(entry.id, entry.size, hash128(room))
      this.#count(file, entry.size, entry.size)
    } catch (error) {
      this.#lost(file, error)
    }
  }

  /** Where a file that was asked for lies. */
  #placeOf(file: OutgoingFile): SourcePlace {
    const known = this.#tasks.get(file.entry.task)
    if (known?.place === undefined) throw new Error('The task is over')
    if (known.task.options?.dryRun !== true || file.comparing) return known.place
    throw new Fault('E#J099', 'A dry run moves nothing')
  }

  /** It changed while it was read: it rests, and comes anew. */
  #changed(file: OutgoingFile, now: BigIntStats): void {
    this.session.suspend(file)
    this.#chunks.release(file)
    this.#resting.changed(file, now)
  }

  #putOff(file: OutgoingFile): boolean {
    if (!this.#resting.putOff(file)) return false
    this.session.postpone(file)
    return true
  }

  #look(file: OutgoingFile): BigIntStats {
    const { tree, base } = this.#placeOf(file)
    const stat = retryStale(tree, () => lstatSync(tree.at(joinPath(base, file.entry.path)), { bigint: true }))
    if (stat.isFile()) return stat
    throw new Fault('E#J002', `${showPath(file.entry.path)} is no file any more`)
  }

  #announceAnew(file: OutgoingFile, now: BigIntStats): void {
    const task = this.#tasks.get(file.entry.task)
    // No other name waits for it any more: one of them takes its part.
    const told = { ...task?.particulars, links: false }
    const note: Note = (...said) => task && this.#note(task, ...said)
    const found = describeEntry(this.#placeOf(file), file.entry.path, now, told, note)
    this.session.fileChanged(file, { ...found, stamp: stampOf(now) })
    this.plan()
  }

  #lost(file: OutgoingFile, error: unknown): void {
    const { code, message } = faultOf(error, 'read', `Cannot read ${showPath(file.entry.path)}`)
    this.session.fileLost(file, code, message)
    this.#resting.forget(file)
    this.#chunks.release(file)
  }

  #count(file: OutgoingFile, bytes: number, sent: number): void {
    this.bytes += bytes
    this.sent += sent
    const task = this.#tasks.get(file.entry.task)
    if (task !== undefined) task.bytes += bytes
  }
}
