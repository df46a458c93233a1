import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Whole lines of a record; `file` is null for some that could not be written. */
export interface ManifestRange {
  readonly file: string | null
  readonly from: number
  readonly to: number
}

/** Bytes that gather before they are written, and that one range has at most (a line more). */
const blockBytes = 64 * 1024
const rangeBytes = 256 * 1024

/**
 * What one run of a job brought here: a file with a line for each, appended as they are settled. What goes wrong
 * with it never fails the files themselves.
 */
export class Record {
  readonly file: string
  readonly #directory: string
  #fd: number | undefined
  #waiting: string[] = []
  #waitingLength = 0
  #length = 0
  #ranges: ManifestRange[] = []
  #lost = false

  /** The file is made at once: its name tells a later run since when files may have come with this one. */
  constructor(directory: string, name: string) {
    this.#directory = directory
    this.file = join(directory, name)
    try {
      this.#fd = this.#open()
    } catch {
      // Tried again with the first line.
    }
  }

  add(line: string): void {
    this.#waiting.push(line)
    this.#waitingLength += line.length
    if (this.#waitingLength >= blockBytes) this.flush()
  }

  /** Writes what gathered, which a process that is killed would take along. */
  flush(): void {
    if (this.#waitingLength === 0) return
    const block = Buffer.from(this.#waiting.join(''))
    this.#waiting = []
    this.#waitingLength = 0
    try {
      this.#fd ??= this.#open()
      for (let at = 0; at < block.length; ) {
        at += writeSync(this.#fd, block, at, block.length - at, this.#length + at)
      }
      this.#extend(this.#length + block.length)
    } catch {
      this.#lost = true
    }
  }

  /** Bytes that are written. */
  get length(): number {
    return this.#length
  }

  /** The lines since the last call. */
  take(): readonly ManifestRange[] {
    this.flush()
    const ranges = this.#ranges
    this.#ranges = []
    if (this.#lost) ranges.push({ file: null, from: 0, to: 0 })
    this.#lost = false
    return ranges
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #open(): number {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    return openSync(this.file, 'wx', 0o600)
  }

  #extend(to: number): void {
    const from = this.#length
    const last = this.#ranges.at(-1)
    this.#length = to
    if (last === undefined || to - last.from > rangeBytes) this.#ranges.push({ file: this.file, from, to })
    else this.#ranges[this.#ranges.length - 1] = { ...last, to }
  }
}
