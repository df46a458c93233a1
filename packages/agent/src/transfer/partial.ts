import { close, closeSync, constants, fstatSync, fsync, ftruncateSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import {
  type BytePath,
  chunkBytes,
  chunkCount,
  chunkLength,
  digestBytes,
  type IncomingFile,
  runLength,
} from '@waybill/asc'
import { WholeDigest } from '../manifest/whole-digest.js'
import { DirectWrites } from '../platform/contents/direct-writes.js'
import { Holes } from '../platform/contents/holes.js'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { pushOut } from '../platform/durability.js'
import { chunkReader, noteChunk, unread } from './chunk-reader.js'
import { chunkDigest } from './chunks/chunk-digest.js'
import { WriteQueue } from './chunks/write-queue.js'
import { zeroDigest } from './chunks/zeros.js'
import { Journal, removeQuietly } from './journal.js'
import { type Attributes, closesItself, modeOfNew, setOnFile, type Warn } from './receiving/attributes.js'
import { journalName, partName } from './temporary.js'

const closeFile = promisify(close)
const syncFile = promisify(fsync)

/**
 * Data is pushed to the disk every so many bytes, so that the sync at the end finds little left to do; not more often
 * than this (milliseconds), since writers and the disk are in each other's way, and fast ones soon reach the end.
 */
const pushEvery = 64 * 1024 * 1024
const pushPause = 2000
/** From this size on data goes past the cache of the system, where that can be had. */
const directFrom = 8 * 1024 * 1024
/** From this size on a file is synced by itself, below in groups. */
const syncAlone = 64 * 1024 * 1024

/** What decides how a part is made. */
export interface PartOptions {
  /** Files from this size on (bytes) have a journal, with which they can be resumed; null is none. */
  readonly resumeFrom: number | null
  readonly attributes: Attributes
  /** Whether the checksum of the whole file is wanted. */
  readonly checksum: boolean
}

/** Checksums of files whose parts were examined, and not opened yet. */
const begun = new WeakMap<IncomingFile, WholeDigest>()

function isResumed({ entry }: IncomingFile, { resumeFrom }: PartOptions): boolean {
  return resumeFrom !== null && entry.size >= resumeFrom
}

/** A large file on its way: the part beside its target, with the journal of what is verified in it. */
export class Partial {
  readonly #file: IncomingFile
  readonly #tree: DirectoryTree
  readonly #target: BytePath
  readonly #fd: number
  readonly #journal: Journal | undefined
  readonly #attributes: Attributes
  readonly #fresh: boolean
  readonly #direct: DirectWrites | undefined
  readonly #queue: WriteQueue
  readonly #whole: WholeDigest | undefined
  #busy = 0
  #unsynced = 0
  #pushedAt = performance.now()
  #syncing = false
  #idle: (() => void)[] = []

  /**
   * Opens the part: what `file` holds of it stays, else it begins empty. Throws what opening throws. The lock
   * on the target has to be held from `examine` to `close`.
   */
  constructor(file: IncomingFile, tree: DirectoryTree, target: BytePath, options: PartOptions) {
    const { entry } = file
    this.#file = file
    this.#tree = tree
    this.#target = target
    this.#attributes = options.attributes
    const held = [...file.held(chunkCount(entry.size))]
    this.#fresh = held.length === 0
    const part = tree.at(partName(target), true)
    const flags = constants.O_RDWR | constants.O_NOFOLLOW
    if (this.#fresh) {
      // Not emptied, but made anew: what is there may be another name of a file that is in its place for good.
      removeQuietly(part)
      const mode = modeOfNew(entry, options.attributes)
      this.#fd = openSync(part, flags | constants.O_CREAT | constants.O_EXCL, mode)
    } else {
      this.#fd = openSync(part, flags)
    }
    this.#direct = entry.size >= directFrom ? DirectWrites.over(this.#fd, part) : undefined
    this.#queue = new WriteQueue(this.#fd, this.#direct)
    this.#whole = options.checksum ? (begun.get(file) ?? new WholeDigest(entry.size, unread)) : undefined
    this.#whole?.readBy(chunkReader(this.#fd, entry.size))
    if (!isResumed(file, options)) return
    try {
      // Written anew, so that it holds no claim that turned out wrong.
      this.#journal = Journal.create(tree.at(journalName(target)), entry)
      for (const { start, digests } of held) {
        for (let at = 0; at < digests.length; at += digestBytes) {
          this.#journal.add(start + at / digestBytes, digests.subarray(at, at + digestBytes))
        }
      }
    } catch (error) {
      closeSync(this.#fd)
      void this.#direct?.close()
      throw error
    }
  }

  /**
   * Looks for what an earlier session left, hashes it, and tells `file` what of it can be trusted. Answers with
   * how many bytes those are.
   */
  static async examine(
    file: IncomingFile,
    tree: DirectoryTree,
    target: BytePath,
    options: PartOptions,
  ): Promise<number> {
    if (!isResumed(file, options)) return 0
    let trusted = 0
    const claimed = Journal.read(tree.at(journalName(target), true), file.entry)
    if (claimed === undefined || claimed.size === 0) return 0
    let fd: number
    try {
      fd = openSync(tree.at(partName(target)), constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch {
      return 0
    }
    if (fstatSync(fd).nlink > 1) {
      // A link that was never finished: to write to it would be to write to the file that it is a name of.
      await closeFile(fd)
      return 0
    }
    const { size } = file.entry
    const buffer = Buffer.allocUnsafe(chunkBytes(size))
    const holes = new Holes(fd, size)
    const whole = options.checksum ? new WholeDigest(size, unread) : undefined
    if (whole !== undefined) begun.set(file, whole)
    try {
      for (const [index, digest] of [...claimed].sort(([a], [b]) => a - b)) {
        if (file.dropped) return 0
        const there = await chunkDigest(fd, size, index, holes, buffer)
        if (there?.equals(digest) !== true) continue
        file.hold(index, digest)
        if (whole !== undefined) noteChunk(whole, size, index, holes, buffer)
        trusted += chunkLength(size, index)
      }
    } finally {
      await closeFile(fd)
    }
    return trusted
  }

  /** Writes one verified chunk, then notes it in the journal. */
  write(
    index: number,
    offset: number,
    data: Buffer,
    digest: Buffer,
    done: (error: Error | undefined) => void,
  ): void {
    const finish = this.#noting(
      data.length,
      () => {
        this.#journal?.add(index, digest)
        this.#whole?.written(index, data)
      },
      done,
    )
    // Zeros in a new file become holes: sparse files stay sparse.
    this.#queue.write(data, offset, this.#fresh, finish)
  }

  /** Makes `count` chunks from `start` on read as zeros, then notes them in the journal. */
  zeros(start: number, count: number, done: (error: Error | undefined) => void): void {
    const { size } = this.#file.entry
    const digestOf = (index: number) => zeroDigest(chunkLength(size, index))
    const finish = this.#noting(
      0,
      () => {
        this.#journal?.addRun(start, count, digestOf)
        this.#whole?.zeros(start, count)
      },
      done,
    )
    const from = start * chunkBytes(size)
    if (this.#fresh) queueMicrotask(finish)
    else this.#queue.zero(from, from + runLength(size, start, count), finish)
  }

  /**
   * Every chunk is there: gives the part its size and attributes and closes it. Answers whether it is durable
   * already; small parts are left to a flush in groups.
   */
  async seal(warn: Warn): Promise<boolean> {
    await this.#quiet()
    const { entry } = this.#file
    const alone = entry.size >= syncAlone || closesItself(entry, this.#attributes)
    try {
      ftruncateSync(this.#fd, entry.size)
      await this.#finishChecksum()
      setOnFile(this.#fd, entry, this.#attributes, warn)
      if (alone) await syncFile(this.#fd)
    } finally {
      this.#journal?.close()
      await this.#close()
    }
    return alone
  }

  /** Closes what is open, without `seal`. Unless `keep`, or when nothing could be resumed, it is removed. */
  async discard(keep: boolean): Promise<void> {
    await this.#quiet()
    await this.#whole?.close()
    this.#journal?.close()
    await this.#close()
    if (keep && this.#journal !== undefined) return
    try {
      removeQuietly(this.#tree.at(partName(this.#target)))
      removeQuietly(this.#tree.at(journalName(this.#target)))
    } catch {
      // The directory itself is gone.
    }
  }

  async #close(): Promise<void> {
    await this.#direct?.close()
    await closeFile(this.#fd)
  }

  async #finishChecksum(): Promise<void> {
    if (this.#whole === undefined) return
    const { size } = this.#file.entry
    await this.#whole.close()
    this.#whole.readBy(chunkReader(this.#fd, size, new Holes(this.#fd, size)))
    this.#file.checksum = await this.#whole.finish()
  }

  /** What is to be done when something was written: `note` it, unless it failed, and tell `done`. */
  #noting(
    bytes: number,
    note: () => void,
    done: (error: Error | undefined) => void,
  ): (error?: Error) => void {
    this.#busy++
    return (error) => {
      let outcome = error
      try {
        if (error === undefined) note()
      } catch (thrown) {
        outcome = thrown instanceof Error ? thrown : new Error(String(thrown))
      }
      this.#busy--
      this.#pushOut(bytes)
      done(outcome)
      this.#rest()
    }
  }

  #pushOut(bytes: number): void {
    if (this.#direct !== undefined) return
    this.#unsynced += bytes
    const now = performance.now()
    if (this.#syncing || this.#unsynced < pushEvery || now - this.#pushedAt < pushPause) return
    this.#pushedAt = now
    this.#syncing = true
    this.#unsynced = 0
    this.#busy++
    const through = () => {
      this.#syncing = false
      this.#busy--
      this.#rest()
    }
    // What is wrong shows in the sync at the end.
    pushOut(this.#fd).then(through, through)
  }

  #rest(): void {
    if (this.#busy === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** No write or sync is under way any more: only then may the descriptor be closed. */
  async #quiet(): Promise<void> {
    if (this.#busy === 0) return
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve)
    })
  }
}
