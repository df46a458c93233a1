import { close, closeSync, constants, fdatasync, fsync, ftruncateSync, openSync, read, write } from 'node:fs'
import { promisify } from 'node:util'
import {
  type BytePath,
  chunkBytes,
  chunkCount,
  chunkLength,
  digestBytes,
  type IncomingFile,
} from '@waybill/asc'
import type { DirectoryTree } from '../platform/directory-tree.js'
import { hash128 } from './hash.js'
import { Journal, removeQuietly } from './journal.js'
import { type Attributes, closesItself, modeOfNew, setOnFile, type Warn } from './receiving/attributes.js'
import { journalName, partName } from './temporary.js'

const closeFile = promisify(close)
const syncFile = promisify(fsync)
const syncData = promisify(fdatasync)
const readFile = promisify(read)

/** Data is pushed to the disk every so many bytes, so that the sync at the end finds little left to do. */
const syncEvery = 64 * 1024 * 1024
/** From this size on a file is synced by itself, below in groups. */
const syncAlone = 64 * 1024 * 1024

/** What decides how a part is made. */
export interface PartOptions {
  /** Files from this size on (bytes) have a journal, with which they can be resumed; null is none. */
  readonly resumeFrom: number | null
  readonly attributes: Attributes
}

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
  readonly #zero: Buffer
  readonly #queue: { data: Buffer; offset: number; finish: (error?: Error) => void }[] = []
  #busy = 0
  #unsynced = 0
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
    this.#zero = zeroDigest(chunkBytes(entry.size))
    const held = [...file.held(chunkCount(entry.size))]
    this.#fresh = held.length === 0
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    const part = tree.at(partName(target), true)
    const mode = modeOfNew(entry, options.attributes)
    this.#fd = openSync(part, this.#fresh ? flags | constants.O_TRUNC : flags, mode)
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
    const { size } = file.entry
    const buffer = Buffer.allocUnsafe(chunkBytes(size))
    try {
      for (const [index, digest] of claimed) {
        if (file.dropped) return 0
        const length = chunkLength(size, index)
        const { bytesRead } = await readFile(fd, buffer, 0, length, index * chunkBytes(size))
        if (bytesRead === length && hash128(buffer.subarray(0, length)).equals(digest)) {
          file.hold(index, digest)
          trusted += length
        }
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
    this.#busy++
    const finish = (error?: Error) => {
      let outcome = error
      try {
        if (error === undefined) this.#journal?.add(index, digest)
      } catch (thrown) {
        outcome = thrown instanceof Error ? thrown : new Error(String(thrown))
      }
      this.#busy--
      this.#pushOut(data.length)
      done(outcome)
      this.#rest()
    }
    // A chunk of nothing but zeros is a hole in a new file: sparse files stay sparse.
    if (this.#fresh && digest.equals(this.#zero)) {
      queueMicrotask(() => finish())
      return
    }
    this.#queue.push({ data, offset, finish })
    if (this.#queue.length === 1) this.#writeNext()
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
      setOnFile(this.#fd, entry, this.#attributes, warn)
      if (alone) await syncFile(this.#fd)
    } finally {
      this.#journal?.close()
      await closeFile(this.#fd)
    }
    return alone
  }

  /** Closes what is open, without `seal`. Unless `keep`, or when nothing could be resumed, it is removed. */
  async discard(keep: boolean): Promise<void> {
    await this.#quiet()
    this.#journal?.close()
    await closeFile(this.#fd)
    if (keep && this.#journal !== undefined) return
    try {
      removeQuietly(this.#tree.at(partName(this.#target)))
      removeQuietly(this.#tree.at(journalName(this.#target)))
    } catch {
      // The directory itself is gone.
    }
  }

  /** One write at a time: the kernel locks the file anyway, and waiters would spin. */
  #writeNext(): void {
    const next = this.#queue[0]
    if (next === undefined) return
    const { data, offset, finish } = next
    const through = (error?: Error) => {
      this.#queue.shift()
      this.#writeNext()
      finish(error)
    }
    const step = (from: number) => {
      write(this.#fd, data, from, data.length - from, offset + from, (error, written) => {
        if (error !== null) through(error)
        else if (from + written < data.length) step(from + written)
        else through()
      })
    }
    step(0)
  }

  #pushOut(bytes: number): void {
    this.#unsynced += bytes
    if (this.#syncing || this.#unsynced < syncEvery) return
    this.#syncing = true
    this.#unsynced = 0
    this.#busy++
    const through = () => {
      this.#syncing = false
      this.#busy--
      this.#rest()
    }
    // What is wrong shows in the sync at the end.
    syncData(this.#fd).then(through, through)
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

const zeroDigests = new Map<number, Buffer>()

function zeroDigest(length: number): Buffer {
  let digest = zeroDigests.get(length)
  if (digest === undefined) {
    digest = hash128(Buffer.alloc(length))
    zeroDigests.set(length, digest)
  }
  return digest
}
