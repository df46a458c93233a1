import { type BigIntStats, lstatSync } from 'node:fs'
import { type ManifestLine, type ManifestState, manifestLineHead, printManifestLine } from '@waybill/api'
import type { IncomingFile } from '@waybill/asc'
import { faultOf } from '../transfer/fault.js'
import { hash128 } from '../transfer/hash.js'
import { lockKey, type Placed } from '../transfer/receiving/target-task.js'
import { retryStale, targetOf } from '../transfer/target.js'
import { sameTime } from '../transfer/times.js'
import { readContents } from './contents.js'
import { EarlierRuns, recordOf, recordsOf } from './earlier-runs.js'
import { LineIndex } from './line-index.js'
import { manifestName } from './names.js'
import { type ManifestRange, Record } from './record.js'

/** A file that stays as it is, where that is not what the sender announced, or more is known than that. */
interface Found {
  readonly size: number
  readonly mtime: bigint
  readonly state: ManifestState
}

/** Lines are written at the latest after this time, milliseconds, or when so many bytes of contents gathered. */
const flushMs = 200
const flushBytes = 64 * 1024 * 1024
/** What the clocks of a file system may differ from ours, milliseconds. */
const slack = 2000

/**
 * Writes down each file that one session brought or found at its destination, with its checksum. What an earlier
 * run of the job wrote down before it was cut off is believed of files that are as they were then; of others that
 * were written since it began the checksum is made anew.
 */
export class Manifest {
  readonly #record: Record
  readonly #earlier: EarlierRuns | undefined
  /** Milliseconds since 1970. */
  readonly #began: number
  readonly #found = new WeakMap<IncomingFile, Found>()
  /** Of tasks that have an ASC MHL: where their first line is. */
  readonly #starts = new Map<number, number>()
  /** Tasks whose destination is written down: what is said of them in a later run is true of that one only. */
  readonly #placed = new Set<number>()
  readonly #singles = new Map<number, ManifestLine>()
  #reading = Promise.resolve()
  #flushing: NodeJS.Timeout | undefined
  #gathered = 0
  #closed = false

  /** `directory` holds the records of all jobs. */
  constructor(directory: string, job: string, run: number) {
    const own = recordsOf(directory, job)
    this.#earlier = EarlierRuns.find(own, run)
    this.#began = Date.now()
    this.#record = new Record(own, recordOf(run, this.#began))
  }

  /** What was noted of a task that is a single file, where it has an ASC MHL. */
  single(task: number): ManifestLine | undefined {
    return this.#singles.get(task)
  }

  /** What was noted of a task that has an ASC MHL; undefined when that cannot be read. */
  async linesOf(task: number): Promise<LineIndex | undefined> {
    const start = this.#starts.get(task)
    if (start === undefined) return undefined
    this.#flush()
    return await LineIndex.over([this.#record.file], start).catch(() => undefined)
  }

  /** The task is over. */
  forget(task: number): void {
    this.#starts.delete(task)
    this.#singles.delete(task)
  }

  /** Whether the files of a task are written down. */
  keeps({ options: { manifest, mhl, dryRun } }: Placed): boolean {
    return (manifest !== 'none' || mhl !== null) && !dryRun
  }

  /**
   * What is at the destination will do. Resolves when all is known that has to be known of it; undefined when that
   * is so already.
   */
  look(file: IncomingFile, known: Placed): Promise<void> | undefined {
    const { comparison, ignoreExisting } = known.options
    const isExact = !ignoreExisting && comparison === 'size_mtime'
    if (!this.keeps(known) || file.checksum !== undefined) return undefined
    const isLink = file.entry.link !== undefined
    if (!reads(known) && isExact && !isLink && this.#earlier === undefined) return undefined
    // One after the other: thousands may wait.
    this.#reading = this.#reading.then(() => this.#look(file, known))
    return this.#reading
  }

  /** A file is in its place. */
  note(file: IncomingFile, known: Placed, verdict: 'done' | 'skip'): void {
    if (!this.keeps(known)) return
    const { entry, checksum } = file
    const found = this.#found.get(file) ?? compared(file, known, verdict)
    const state = found?.state ?? (verdict === 'done' ? 'transferred' : 'read')
    const line: ManifestLine = {
      task: file.task.index,
      ...manifestName(known.place, entry.path),
      size: found?.size ?? entry.size,
      mtime: String(found?.mtime ?? entry.mtime),
      state: checksum === undefined ? 'present' : state,
      checksum: checksum ?? null,
    }
    if (known.options.mhl !== null) {
      if (!this.#starts.has(line.task)) this.#starts.set(line.task, this.#record.length)
      if (entry.path === '') this.#singles.set(line.task, line)
    }
    if (!this.#placed.has(line.task)) {
      this.#placed.add(line.task)
      this.#record.add(`${placeHead(file, known)}0]\n`)
    }
    this.#record.add(printManifestLine(line))
    this.#gathered += verdict === 'done' ? entry.size : 0
    if (this.#gathered >= flushBytes) this.#flush()
    else this.#flushing ??= setTimeout(() => this.#flush(), flushMs)
  }

  /** Writes down a line of a dry run, whose record holds nothing else. */
  write(line: string): void {
    this.#record.add(line)
    this.#flushing ??= setTimeout(() => this.#flush(), flushMs)
  }

  /** The lines since the last call. */
  take(): readonly ManifestRange[] {
    this.#flush()
    return this.#record.take()
  }

  /** Nothing is read any more; what is under way ends soon. */
  stop(): void {
    this.#closed = true
  }

  async close(): Promise<void> {
    this.stop()
    await this.#reading
    this.#flush()
    this.#record.close()
    await this.#earlier?.close()
  }

  #flush(): void {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    this.#gathered = 0
    this.#record.flush()
  }

  async #look(file: IncomingFile, known: Placed): Promise<void> {
    const isWanted = () => !this.#closed && !file.dropped
    if (!isWanted()) return
    try {
      const before = await this.#fromEarlier(file, known)
      const stat = statOf(file, known)
      if (stat?.isFile() !== true) return
      const found = { size: Number(stat.size), mtime: stat.mtimeNs }
      const isSame = found.size === file.entry.size && sameTime(found.mtime, file.entry.mtime)
      const exact = { size: found.size, mtime: isSame ? file.entry.mtime : found.mtime }
      if (before !== undefined && isSame) {
        file.checksum = before.checksum
        this.#found.set(file, { ...exact, state: before.state })
      } else if (reads(known) || this.#isOurs(stat) || this.#isNewLink(file, stat)) {
        const tree = known.place.tree
        const contents = await readContents(tree.at(targetOf(known.place, file.entry)), 'xxh128', isWanted)
        if (contents === undefined) return
        file.checksum = contents.checksum
        this.#found.set(file, { ...exact, state: 'read' })
      } else if (!isSame) {
        this.#found.set(file, { ...exact, state: 'present' })
      }
    } catch (error) {
      const { message } = faultOf(error, 'read', 'Not read for the manifest')
      file.task.note(file.entry.path, 'W#J064', message)
    }
  }

  /** What an earlier run wrote down of the very same file. */
  async #fromEarlier(
    { entry, task }: IncomingFile,
    known: Placed,
  ): Promise<{ readonly state: ManifestState; readonly checksum: string } | undefined> {
    const index = await this.#earlier?.index()
    if (index?.has(placeHead({ task }, known)) !== true) return undefined
    const { path, bytes } = manifestName(known.place, entry.path)
    for (const { size, mtime, state, checksum } of index.find(task.index, path, bytes)) {
      if (checksum === null || size !== entry.size || mtime !== String(entry.mtime)) continue
      return { state, checksum }
    }
    return undefined
  }

  /** Whether it may have become another name of a file just now, which nobody read since. */
  #isNewLink({ entry }: IncomingFile, { ctimeMs }: BigIntStats): boolean {
    return entry.link !== undefined && Number(ctimeMs) >= this.#began - slack
  }

  /** Whether it may have come with an earlier run, which was cut off before it could write that down. */
  #isOurs({ ctimeMs }: BigIntStats): boolean {
    return this.#earlier !== undefined && Number(ctimeMs) >= this.#earlier.began - slack
  }
}

/** How a line begins that tells where a task's files go; no name begins so. */
function placeHead({ task }: Pick<IncomingFile, 'task'>, { place }: Placed): string {
  const key = hash128(Buffer.from(lockKey(place, place.base))).toString('hex', 0, 8)
  return manifestLineHead(task.index, `/${key}`)
}

/** A file with the same contents may have another time. */
function compared(file: IncomingFile, known: Placed, verdict: 'done' | 'skip'): Found | undefined {
  if (verdict === 'done' || known.options.comparison !== 'checksum') return undefined
  const mtime = statOf(file, known)?.mtimeNs
  if (mtime === undefined || sameTime(mtime, file.entry.mtime)) return undefined
  return { size: file.entry.size, mtime, state: 'read' }
}

/** Whether files that were there already are read. */
function reads({ options: { manifest, mhl } }: Placed): boolean {
  return manifest === 'all' || mhl !== null
}

function statOf({ entry }: IncomingFile, { place }: Placed): BigIntStats | undefined {
  const at = retryStale(place.tree, () => place.tree.at(targetOf(place, entry)))
  return lstatSync(at, { bigint: true, throwIfNoEntry: false })
}
