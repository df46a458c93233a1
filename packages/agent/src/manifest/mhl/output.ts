import { createHash, type Hash } from 'node:crypto'
import { closeSync, constants, fsync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { type BytePath, parentPath } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { syncPath } from '../../platform/durability.js'
import { removeQuietly } from '../../transfer/journal.js'
import { partName } from '../../transfer/temporary.js'
import { c4OfDigest } from './c4.js'

const syncFile = promisify(fsync)
const blockBytes = 64 * 1024
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** A file that is written under a temporary name, and has its own once it is complete and on the disk. */
export class Output {
  readonly #tree: DirectoryTree
  readonly #target: BytePath
  readonly #fd: number
  readonly #hash: Hash = createHash('sha512')
  #waiting: string[] = []
  #waitingLength = 0
  #open = true

  /** Throws what opening throws. */
  constructor(tree: DirectoryTree, target: BytePath) {
    this.#tree = tree
    this.#target = target
    // What a run before this one left there is of no use.
    removeQuietly(tree.at(partName(target), true))
    this.#fd = openSync(tree.at(partName(target)), flags, 0o666)
  }

  write(text: string): void {
    this.#waiting.push(text)
    this.#waitingLength += text.length
    if (this.#waitingLength >= blockBytes) this.#flush()
  }

  /** Appends all that was written to another one. */
  async append(other: Output): Promise<void> {
    this.#flush()
    other.#flush()
    const block = Buffer.allocUnsafe(blockBytes)
    for (let at = 0; ; ) {
      const length = readSync(other.#fd, block, 0, block.length, at)
      if (length === 0) return
      this.#put(block.subarray(0, length))
      at += length
      await new Promise(setImmediate)
    }
  }

  /** Gives it its name; answers with its C4 ID. */
  async commit(): Promise<string> {
    this.#flush()
    await syncFile(this.#fd)
    this.#close()
    renameSync(this.#tree.at(partName(this.#target)), this.#tree.at(this.#target))
    await syncPath(this.#tree.directory(parentPath(this.#target)).self(), true)
    return c4OfDigest(this.#hash.digest())
  }

  /** Removes it, unless it was committed. */
  discard(): void {
    if (!this.#open) return
    this.#close()
    try {
      removeQuietly(this.#tree.at(partName(this.#target)))
    } catch {
      // Its directory cannot be reached any more.
    }
  }

  #flush(): void {
    if (this.#waitingLength === 0) return
    const block = Buffer.from(this.#waiting.join(''))
    this.#waiting = []
    this.#waitingLength = 0
    this.#put(block)
  }

  #put(block: Buffer): void {
    for (let at = 0; at < block.length; ) at += writeSync(this.#fd, block, at)
    this.#hash.update(block)
  }

  #close(): void {
    closeSync(this.#fd)
    this.#open = false
  }
}
