import { lstatSync } from 'node:fs'
import {
  allows,
  type FilesPage,
  type FilesWalk,
  isVisible,
  maxPageEntries,
  type Scope,
  scopeForReading,
  visibleNames,
  type WalkEntry,
} from '@waybill/api'
import { type BytePath, joinPath, maxPath } from '@waybill/asc'
import { type Choice, choiceOf } from './choice.js'
import { type HeldPath, isOurs, msOf, sizeOf, textOf } from './place.js'
import { SortedNames } from './sorted-names.js'

/** Names that one walk keeps in memory, over all levels; each level may have some in any case. */
const roomForNames = 100_000
const leastRoom = 500
/** Names that are read in one step. */
const slice = 2000

/** One page of a walk is at most so much: entries, characters of names, milliseconds of work. */
export interface PageLimits {
  readonly entries: number
  readonly characters: number
  readonly ms: number
}
export const pageLimits: PageLimits = { entries: maxPageEntries, characters: 200_000, ms: 250 }

interface Level {
  readonly path: BytePath
  /** Of the directory in its tree, for the rights, and beneath the walk's start, for the filters. */
  readonly names: readonly string[]
  readonly below: string
  readonly listing: SortedNames
  /** Of what lies beneath. */
  readonly scope: Scope
  readonly visible: 'all' | 'nothing' | ReadonlySet<string>
  /** Its own name and time; what is told when it is left, unless it was told before. */
  readonly entry: { readonly name: string; readonly modified: number } | undefined
  readonly chosen: boolean
  /** Its entries are told, not only counted. */
  readonly told: boolean
  entered: boolean
  size: number
}

/**
 * Goes through a directory in the order of names and tells what somebody may see of it, page by page. Memory is
 * bounded whatever the size of the tree. Links are not followed and not told of, nor are devices and the
 * temporary files of transfers; what vanishes meanwhile is left out, as is what the agent may not read.
 */
export class Walk {
  readonly #held: HeldPath
  readonly #asked: FilesWalk
  readonly #choice: Choice
  readonly #stack: Level[] = []
  #entries: WalkEntry[] = []
  #size = 0
  /** Entries of the first level that were told, or would have been but for `skip`. */
  #passed = 0
  /** Within an entry of the first level that `skip` leaves out. */
  #muted = false

  readonly #room: number

  /** Throws what opening the directory throws, and for filters that cannot be read. */
  constructor(held: HeldPath, asked: FilesWalk, room: { readonly names: number } = { names: roomForNames }) {
    this.#room = room.names
    this.#held = held
    this.#asked = asked
    this.#choice = choiceOf(asked.include, asked.exclude)
    if (isOurs(held.base)) throw Object.assign(new Error('ENOENT: ours'), { code: 'ENOENT' })
    this.#stack.push(this.#open(held.base, asked.names, '', asked.scope, undefined, true, asked.depth > 0))
  }

  page(limits: PageLimits = pageLimits, now: () => number = () => performance.now()): FilesPage {
    const until = now() + limits.ms
    this.#entries = []
    let characters = 0
    let seen = 0
    for (let steps = 1; this.#stack.length > 0; steps++) {
      this.#step()
      for (; seen < this.#entries.length; seen++) {
        const entry = this.#entries[seen]
        if (entry !== undefined && 'name' in entry) characters += entry.name.length
      }
      // A step may tell of all the directories that lead to its entry.
      if (seen + this.#stack.length + 2 > limits.entries || characters > limits.characters) break
      if (steps % 50 === 0 && now() > until) break
    }
    return { entries: this.#entries, size: this.#size, done: this.#stack.length === 0 }
  }

  /** Names in memory. */
  get held(): number {
    return this.#stack.reduce((sum, { listing }) => sum + listing.held, 0)
  }

  close(): void {
    for (const { listing } of this.#stack) listing.close()
    this.#stack.length = 0
    this.#held.tree.close()
  }

  #step(): void {
    const level = this.#stack.at(-1)
    if (level === undefined) return
    if (this.#isFull() && this.#stack.length === 1) {
      this.#finish()
      return
    }
    try {
      if (!level.listing.fill(slice)) return
    } catch {
      // A directory that cannot be read again is left where it was.
      this.#leave(level)
      return
    }
    const name = level.listing.next()
    if (name === undefined) this.#leave(level)
    else this.#look(level, name)
  }

  #look(level: Level, bytes: BytePath): void {
    if (isOurs(bytes)) return
    const { text, sound } = textOf(bytes)
    const names = level.scope.all ? level.names : [...level.names, text]
    // Rights name what is text; of other names only those are seen that lie where everything is.
    if (level.visible === 'nothing' || (level.visible !== 'all' && !(sound && level.visible.has(text))))
      return
    const path = joinPath(level.path, bytes)
    const below = level.below === '' ? text : `${level.below}/${text}`
    const stat = this.#stat(path)
    if (stat === undefined) return
    if (stat.isFile()) {
      if (!allows(level.scope, names, 'read')) return
      if (!this.#choice.chosen(text, below)) return
      const size = sizeOf(stat)
      level.size = Math.min(level.size + size, Number.MAX_SAFE_INTEGER)
      this.#size = Math.min(this.#size + size, Number.MAX_SAFE_INTEGER)
      if (!level.told || this.#asked.only === 'directories') return
      this.#tell({ type: 'file', name: text, size, modified: msOf(stat) })
    } else if (stat.isDirectory()) {
      if (!isVisible(level.scope, names)) return
      this.#directory(level, { path, names, below, name: text, modified: msOf(stat) })
    }
  }

  #directory(
    level: Level,
    found: { path: BytePath; names: readonly string[]; below: string; name: string; modified: number },
  ): void {
    const { path, names, below, name, modified } = found
    if (!this.#choice.entered(name, below)) return
    const chosen = level.told && this.#asked.only !== 'files' && this.#choice.chosen(name, below)
    const told = level.told && this.#stack.length < this.#asked.depth
    // Sizes of the start are counted with a depth of 0.
    const counted = this.#asked.sizes || this.#asked.depth === 0
    const skipped = chosen && this.#stack.length === 1 && this.#passed < this.#asked.skip
    const needed = told || (counted && (chosen || this.#counts(level)))
    if (needed && !skipped && path.length <= maxPath) {
      try {
        const inside = this.#open(path, names, below, level.scope, { name, modified }, chosen, told)
        this.#stack.push(inside)
        if (told && chosen) this.#enterAll()
        return
      } catch {
        // Gone, exchanged for a link, or not to be read by the agent: shown without what is in it.
      }
    }
    if (chosen) this.#tell({ type: 'directory', name, size: 0, modified })
  }

  /** Whether bytes beneath a level are part of some size that is told. */
  #counts(level: Level): boolean {
    return this.#asked.depth === 0 || level.entry !== undefined
  }

  #open(
    path: BytePath,
    names: readonly string[],
    below: string,
    above: Scope,
    entry: Level['entry'],
    chosen: boolean,
    told: boolean,
  ): Level {
    const room = Math.max(leastRoom, this.#room - this.held)
    const listing = new SortedNames(() => this.#held.tree.directory(path), room)
    const scope = scopeForReading(above, names)
    const visible = visibleNames(scope, names)
    return { path, names, below, listing, scope, visible, entry, chosen, told, entered: false, size: 0 }
  }

  #leave(level: Level): void {
    level.listing.close()
    this.#stack.pop()
    const above = this.#stack.at(-1)
    if (above === undefined) {
      this.#finish()
      return
    }
    above.size = Math.min(above.size + level.size, Number.MAX_SAFE_INTEGER)
    const size = this.#asked.sizes ? level.size : 0
    if (level.entered) {
      if (!this.#muted) this.#entries.push({ type: 'leave', size })
    } else if (level.chosen && level.entry !== undefined) {
      this.#tell({ type: 'directory', ...level.entry, size })
    }
    if (this.#stack.length === 1) this.#muted = false
  }

  #finish(): void {
    for (const { listing } of this.#stack) listing.close()
    this.#stack.length = 0
  }

  #tell(entry: WalkEntry): void {
    this.#enterAll()
    if (this.#stack.length === 1 && !this.#passes()) return
    if (!this.#muted) this.#entries.push(entry)
  }

  /** Directories that were not chosen themselves are told of once there is something in them. */
  #enterAll(): void {
    this.#stack.forEach((level, depth) => {
      if (depth > 0 && level.told && !level.entered) this.#enter(level, depth)
    })
  }

  #enter(level: Level, depth: number): void {
    if (level.entry === undefined) return
    level.entered = true
    if (depth === 1) this.#muted = !this.#passes()
    if (!this.#muted) this.#entries.push({ type: 'enter', ...level.entry })
  }

  #passes(): boolean {
    this.#passed++
    return this.#passed > this.#asked.skip
  }

  #isFull(): boolean {
    const { skip, limit } = this.#asked
    return limit !== null && this.#asked.depth > 0 && this.#passed >= skip + limit
  }

  #stat(path: BytePath) {
    try {
      return lstatSync(this.#held.tree.at(path), { bigint: true, throwIfNoEntry: false })
    } catch {
      return undefined
    }
  }
}
