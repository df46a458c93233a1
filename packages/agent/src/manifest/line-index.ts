import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type ManifestLine, manifestLineHead, parseManifestLine } from '@waybill/api'
import { hash128 } from '../transfer/hash.js'

/** Slots of the table, twelve bytes each; what does not fit is not found. */
const mostSlots = 2 ** 22
const fewestSlots = 2 ** 10
/** Shortest line: a guess that makes the table large enough. */
const lineBytes = 80
const blockBytes = 256 * 1024
/** Longest line that there is: a path of 4096 bytes with all of it escaped, and again in base64. */
const longestLine = 64 * 1024

/**
 * Finds the lines of records by the file that they are about. Memory is bounded: it holds where lines are, not what
 * they say, and of a few million lines at most.
 */
export class LineIndex {
  readonly #fds: readonly number[]
  /** Where each file begins in a row of all of them. */
  readonly #starts: readonly number[]
  readonly #keys: Uint32Array
  readonly #offsets: Float64Array
  #used = 0

  private constructor(fds: readonly number[], from: number) {
    this.#fds = fds
    const starts = [0]
    for (const fd of fds) starts.push((starts.at(-1) ?? 0) + fstatSync(fd).size)
    this.#starts = starts
    const wanted = (((starts.at(-1) ?? 0) - from) / lineBytes) * 2
    let slots = fewestSlots
    while (slots < wanted && slots < mostSlots) slots *= 2
    this.#keys = new Uint32Array(slots)
    this.#offsets = new Float64Array(slots).fill(-1)
  }

  /**
   * Reads through the files, the oldest first, letting others have their turn; of the first one not what is before
   * `from`, where a line begins. Throws what opening throws.
   */
  static async over(files: readonly string[], from = 0): Promise<LineIndex> {
    const fds: number[] = []
    try {
      for (const file of files) fds.push(openSync(file, 'r'))
      const index = new LineIndex(fds, from)
      for (const [at, fd] of fds.entries()) await index.#read(fd, index.#starts[at] ?? 0, at === 0 ? from : 0)
      return index
    } catch (error) {
      for (const fd of fds) closeSync(fd)
      throw error
    }
  }

  /** Lines about a file, in no order; `bytes` as in lines. */
  find(task: number, path: string, bytes: string | undefined): ManifestLine[] {
    const head = Buffer.from(manifestLineHead(task, path))
    const found: ManifestLine[] = []
    const key = keyOf(head)
    for (let slot = this.#slot(key); this.#offsets[slot] !== -1; slot = this.#after(slot)) {
      if (this.#keys[slot] !== key) continue
      const line = this.#lineAt(this.#offsets[slot] ?? 0)
      if (line?.task === task && line.path === path && line.bytes === bytes) found.push(line)
    }
    return found
  }

  /** Whether a line begins so; it may be one that says nothing of a file. */
  has(head: string): boolean {
    const bytes = Buffer.from(head)
    const key = keyOf(bytes)
    for (let slot = this.#slot(key); this.#offsets[slot] !== -1; slot = this.#after(slot)) {
      if (this.#keys[slot] !== key) continue
      const start = this.#at(this.#offsets[slot] ?? 0, bytes.length)
      if (start?.equals(bytes) === true) return true
    }
    return false
  }

  close(): void {
    for (const fd of this.#fds) closeSync(fd)
  }

  async #read(fd: number, start: number, from: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(blockBytes)
    for (let offset = from; ; ) {
      const length = readSync(fd, buffer, 0, buffer.length, offset)
      const block = buffer.subarray(0, length)
      let at = 0
      for (let end = block.indexOf(10); end !== -1; end = block.indexOf(10, at)) {
        this.#add(block.subarray(at, end), start + offset + at)
        at = end + 1
      }
      // A line that is longer than all that, or that was cut off by a kill at the end.
      if (at === 0) return
      offset += at
      await new Promise(setImmediate)
    }
  }

  #add(line: Buffer, offset: number): void {
    const head = headOf(line)
    if (head === undefined || this.#used * 4 > this.#keys.length * 3) return
    const key = keyOf(head)
    let slot = this.#slot(key)
    while (this.#offsets[slot] !== -1) slot = this.#after(slot)
    this.#keys[slot] = key
    this.#offsets[slot] = offset
    this.#used++
  }

  #lineAt(offset: number): ManifestLine | undefined {
    for (const size of [1024, longestLine]) {
      const block = this.#at(offset, size)
      const end = block?.indexOf(10) ?? -1
      if (end !== -1) return parseManifestLine(block?.toString('utf8', 0, end) ?? '')
    }
    return undefined
  }

  /** Up to so many bytes of what stands at an offset. */
  #at(offset: number, size: number): Buffer | undefined {
    let file = 0
    while ((this.#starts[file + 1] ?? Number.POSITIVE_INFINITY) <= offset) file++
    const fd = this.#fds[file]
    if (fd === undefined) return undefined
    const buffer = Buffer.allocUnsafe(size)
    return buffer.subarray(0, readSync(fd, buffer, 0, size, offset - (this.#starts[file] ?? 0)))
  }

  #slot(key: number): number {
    return key & (this.#keys.length - 1)
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#keys.length - 1)
  }
}

function keyOf(head: Buffer): number {
  return hash128(head).readUInt32LE(0)
}

const quote = 0x22
const backslash = 0x5c

/** The part of a line that says which file it is about: up to the comma behind the path. */
function headOf(line: Buffer): Buffer | undefined {
  const start = line.indexOf(quote)
  if (start === -1) return undefined
  for (let at = start + 1; at < line.length; at++) {
    const byte = line[at]
    if (byte === backslash) at++
    else if (byte === quote) return line.subarray(0, at + 2)
  }
  return undefined
}
