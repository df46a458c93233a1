import { type Dir, lstatSync, opendirSync } from 'node:fs'
import { type BytePath, extendedBytes, type Found, joinPath, maxPath, showPath } from '@waybill/asc'
import { errno, faultOf } from '../transfer/fault.js'
import type { SourcePlace } from '../transfer/place.js'
import { isOwnName } from '../transfer/temporary.js'
import { describeEntry, type Particulars, warnOfLacking } from './describe.js'
import type { FileFilter } from './filter.js'
import { describeGaps, type Sequence } from './sequence.js'

export interface ScanListener extends Particulars {
  /** Something that is left out; a warning when the code starts with W. */
  readonly note: (path: BytePath, code: string, message: string) => void
}

/** Walks one source a step at a time; holds one open directory per level, whatever the size of the tree. */
export interface Scanner {
  /** At most `limit` entries; an empty list together with `done` when there are no more. */
  step(limit: number): Found[]
  readonly done: boolean
  /** Set when the task as a whole failed. */
  readonly fault: { code: string; message: string } | undefined
  close(): void
}

/** Bytes of extended attributes after which a step ends. */
const maxWeight = 1024 * 1024

/** What the source is, once the scan began. */
export type SourceKind = 'file' | 'directory' | 'sequence'

/** Begins a scan. Throws what looking at the source itself throws. */
export function scan(
  place: SourcePlace,
  filter: FileFilter,
  listener: ScanListener,
): { kind: SourceKind; scanner: Scanner } {
  if (place.sequence !== undefined) {
    return { kind: 'sequence', scanner: new SequenceScanner(place, place.sequence, listener) }
  }
  const stat = lstatSync(place.tree.at(place.base), { bigint: true })
  warnOfLacking(listener, listener.note)
  if (stat.isDirectory()) {
    const root = describeEntry(place, '', stat, listener, listener.note)
    return { kind: 'directory', scanner: new TreeScanner(place, filter, listener, root) }
  }
  // What was asked for by name and cannot be sent is no mere omission: nothing of the task would arrive.
  return stat.isFile()
    ? {
        kind: 'file',
        scanner: new SingleScanner([describeEntry(place, '', stat, listener, listener.note)], undefined),
      }
    : {
        kind: 'file',
        scanner: new SingleScanner([], { code: 'E#J002', message: 'Neither a file nor a directory' }),
      }
}

class SingleScanner implements Scanner {
  #found: Found[]
  readonly fault: Scanner['fault']

  constructor(found: Found[], fault: Scanner['fault']) {
    this.#found = found
    this.fault = fault
  }

  get done(): boolean {
    return this.#found.length === 0
  }

  step(): Found[] {
    const found = this.#found
    this.#found = []
    return found
  }

  close(): void {
    // Nothing is held.
  }
}

class SequenceScanner implements Scanner {
  readonly #place: SourcePlace
  readonly #sequence: Sequence
  readonly #listener: ScanListener
  readonly #missing: number[] = []
  #next: number

  constructor(place: SourcePlace, sequence: Sequence, listener: ScanListener) {
    this.#place = place
    this.#sequence = sequence
    this.#listener = listener
    this.#next = sequence.first
  }

  get done(): boolean {
    return this.#next > this.#sequence.last
  }

  get fault(): { code: string; message: string } | undefined {
    if (!this.done || this.#missing.length === 0) return undefined
    return { code: 'E#J001', message: `Frames are missing: ${describeGaps(this.#missing)}` }
  }

  step(limit: number): Found[] {
    const found: Found[] = []
    for (let looked = 0; looked < limit && !this.done; looked++) {
      const number = this.#next++
      const name = this.#sequence.name(number)
      const path = this.#place.tree.at(joinPath(this.#place.base, name))
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
      if (stat === undefined) this.#missing.push(number)
      else if (stat.isFile())
        found.push(describeEntry(this.#place, name, stat, this.#listener, this.#listener.note))
      else this.#listener.note(name, 'E#J001', 'A frame is not a file')
    }
    return found
  }

  close(): void {
    // Nothing is held.
  }
}

class TreeScanner implements Scanner {
  readonly #place: SourcePlace
  readonly #filter: FileFilter
  readonly #listener: ScanListener
  readonly #stack: { readonly path: BytePath; readonly dir: Dir }[] = []
  readonly fault = undefined
  #root: Found | undefined

  constructor(place: SourcePlace, filter: FileFilter, listener: ScanListener, root: Found) {
    this.#place = place
    this.#filter = filter
    this.#listener = listener
    this.#root = root
  }

  get done(): boolean {
    return this.#root === undefined && this.#stack.length === 0
  }

  step(limit: number): Found[] {
    const found: Found[] = []
    if (this.#root !== undefined) {
      found.push(this.#root)
      this.#root = undefined
      this.#enter('')
    }
    let weight = 0
    for (let looked = 0; looked < limit && found.length < limit && weight < maxWeight; looked++) {
      const top = this.#stack.at(-1)
      if (top === undefined) break
      const item = top.dir.readSync()
      if (item === null) {
        top.dir.closeSync()
        this.#stack.pop()
        continue
      }
      const entry = this.#look(top.path, item.name)
      if (entry === undefined) continue
      found.push(entry)
      weight += extendedBytes(entry.extended)
      if (entry.kind === 'directory') this.#enter(entry.path)
    }
    return found
  }

  close(): void {
    for (const { dir } of this.#stack) dir.closeSync()
    this.#stack.length = 0
    this.#root = undefined
  }

  #look(parent: BytePath, name: BytePath): Found | undefined {
    if (isOwnName(name)) return undefined
    const path = joinPath(parent, name)
    try {
      const stat = this.#place.tree.status(joinPath(this.#place.base, path))
      // Deleted since the directory was listed.
      if (stat === undefined) return undefined
      const directory = stat.isDirectory()
      if (!this.#filter(showPath(path), directory)) return undefined
      if (path.length > maxPath) {
        this.#listener.note(path.slice(0, maxPath), 'E#J006', 'The path is longer than 4096 bytes')
      } else if (directory || stat.isFile()) {
        return describeEntry(this.#place, path, stat, this.#listener, this.#listener.note)
      } else {
        const what = stat.isSymbolicLink() ? 'a symbolic link' : 'neither file nor directory'
        this.#listener.note(path, 'W#J058', `Skipped: ${what}`)
      }
    } catch (error) {
      // What was deleted since the directory was listed is no failure.
      if (errno(error) !== 'ENOENT') this.#fail(path, error)
    }
    return undefined
  }

  #enter(path: BytePath): void {
    try {
      const directory = this.#place.tree.directory(joinPath(this.#place.base, path))
      // The types of Node know no encoding "binary" here; it gives one character per byte, as we want it.
      const dir = opendirSync(directory.self().toString(), { encoding: 'latin1', bufferSize: 256 })
      this.#stack.push({ path, dir })
    } catch (error) {
      this.#fail(path, error)
    }
  }

  #fail(path: BytePath, error: unknown): void {
    const { code, message } = faultOf(error, 'read', `Cannot read ${showPath(path)}`)
    this.#listener.note(path.slice(0, maxPath), code, message)
  }
}
