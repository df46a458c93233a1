import type { BigIntStats } from 'node:fs'
import { type Entry, type OutgoingFile, type Stamp, showPath } from '@waybill/asc'
import { isUnchanged } from '../../scan/source-file.js'
import { Fault } from '../fault.js'

/** What a list of resting files needs of the sending side. */
export interface RestingHost {
  /** How the file is now, by its path; throws when it is not there. */
  look(file: OutgoingFile): BigIntStats
  /** Seconds that it has to have rested before it is read. */
  settleOf(file: OutgoingFile): number
  /** Whether anything else than resting files is left to do. */
  othersGoOn(): boolean
  /** It is what was announced, and may be read. */
  resume(file: OutgoingFile): void
  /** It is not what was announced: it is to be announced anew. */
  announce(file: OutgoingFile, now: BigIntStats): void
  lost(file: OutgoingFile, error: unknown): void
}

/**
 * A clock of a file system ticks this often at the least, milliseconds: of a write within the same tick as the one
 * before no time would tell.
 */
const tick = 20
/** The longest pause, milliseconds, and how many there are when nothing else is left to do. */
const longestPause = 30_000
const mostPauses = 7
/** Changed files that rest at a time; while they do, the receiver holds open what it has of them. */
const mostResting = 200

interface Rest {
  /** How it was when it was looked at last; undefined while it still is what was announced. */
  seen: BigIntStats | undefined
  pauses: number
  timer: NodeJS.Timeout
}

/**
 * Files that are being written, or were a moment ago. Each is looked at after a pause, which grows; one that did not
 * change for all of it is read. That goes on as long as there is something else to do, and then for a while.
 */
export class Resting {
  readonly #host: RestingHost
  readonly #firstPause: number
  readonly #files = new Map<OutgoingFile, Rest>()
  /** Files that have rested, and are not put off any more. */
  readonly #rested = new WeakSet<OutgoingFile>()

  /** `firstPause` in milliseconds. */
  constructor(host: RestingHost, firstPause: number) {
    this.#host = host
    this.#firstPause = firstPause
  }

  get size(): number {
    return this.#files.size
  }

  /** Whether a file that is about to be read was written to so lately that it has to rest first; then it does. */
  putOff(file: OutgoingFile): boolean {
    const { stamp } = file.entry
    if (stamp === undefined || this.#rested.has(file)) return false
    const needed = Math.max(tick, this.#host.settleOf(file) * 1000)
    const age = Date.now() - Number(stamp.changed / 1000n) / 1000
    // One from the future tells of a clock that is ahead, and nothing of when it was written.
    if (age >= needed || (age < 0 && needed === tick)) return false
    this.#rest(file, Math.min(needed, needed - age), undefined)
    return true
  }

  /** A file changed while it was read. */
  changed(file: OutgoingFile, now: BigIntStats): void {
    const isFull = this.#files.size >= mostResting
    if (isFull ? file.tries > 0 : this.#isEnough(file.tries)) this.#host.lost(file, busy(file))
    else if (isFull) this.#host.announce(file, now)
    else this.#rest(file, this.#nextPause(file, file.tries), now)
  }

  /** The file is settled or given up. */
  forget(file: OutgoingFile): void {
    clearTimeout(this.#files.get(file)?.timer)
    this.#files.delete(file)
  }

  close(): void {
    for (const file of [...this.#files.keys()]) this.forget(file)
  }

  #isEnough(pauses: number): boolean {
    return pauses >= mostPauses && !this.#host.othersGoOn()
  }

  #nextPause(file: OutgoingFile, pauses: number): number {
    const pause = Math.min(longestPause, this.#firstPause * 2 ** Math.min(pauses, 20))
    return Math.max(pause, this.#host.settleOf(file) * 1000)
  }

  #rest(file: OutgoingFile, ms: number, seen: BigIntStats | undefined, pauses = file.tries): void {
    const timer = setTimeout(() => this.#look(file), Math.ceil(ms))
    this.#files.set(file, { seen, pauses, timer })
  }

  #look(file: OutgoingFile): void {
    const rest = this.#files.get(file)
    this.#files.delete(file)
    if (rest === undefined) return
    try {
      const now = this.#host.look(file)
      const { seen } = rest
      if (isUnchanged(seen === undefined ? file.entry : asEntry(file.entry, seen), now)) {
        this.#rested.add(file)
        if (seen === undefined) this.#host.resume(file)
        else this.#host.announce(file, now)
        return
      }
      const pauses = rest.pauses + 1
      if (this.#isEnough(pauses)) throw busy(file)
      this.#rest(file, this.#nextPause(file, pauses), now, pauses)
    } catch (error) {
      this.#host.lost(file, error)
    }
  }
}

/** The file as it would be announced now. */
function asEntry(entry: Entry, stat: BigIntStats): Entry {
  return { ...entry, size: Number(stat.size), mtime: stat.mtimeNs, stamp: stampOf(stat) }
}

/**
 * What a file that was announced before is known by: no inode, which some network drives number anew now and then.
 * One that takes another's place has a time of change of its own.
 */
export function stampOf({ ctimeNs }: BigIntStats): Stamp {
  return { changed: ctimeNs }
}

function busy({ entry }: OutgoingFile): Fault {
  const words = 'is still being written to: send it again when it is finished, or set transfer_settle_s'
  return new Fault('E#J005', `${showPath(entry.path) || 'The file'} ${words}`)
}
