import { type Dir, opendirSync } from 'node:fs'
import type { BytePath } from '@waybill/asc'
import type { DirectoryHandle } from '../platform/directories.js'

/**
 * The names of one directory in the order of their bytes, with never more than `room` (twice that while reading)
 * in memory: of a larger directory the first names are kept, and it is read again for those behind them.
 */
export class SortedNames {
  readonly #open: () => DirectoryHandle
  readonly #room: number
  #reading: Dir | undefined
  #names: BytePath[] = []
  #at = 0
  #after: BytePath | undefined
  /** Names were left out for want of room. */
  #more = false
  #ready = false

  /** Throws what opening the directory throws. */
  constructor(open: () => DirectoryHandle, room: number) {
    this.#open = open
    this.#room = room
    this.#start()
  }

  /** Reads on, at most `count` entries; true when `next` may be called. */
  fill(count: number): boolean {
    if (this.#ready && this.#at === this.#names.length && this.#more) this.#start()
    if (this.#reading === undefined) return true
    for (let read = 0; read < count; read++) {
      const item = this.#reading.readSync()
      if (item === null) {
        this.#end()
        return true
      }
      // One character per byte: see `opendirSync` below.
      const name: BytePath = item.name
      if (this.#after !== undefined && name <= this.#after) continue
      this.#names.push(name)
      if (this.#names.length >= 2 * this.#room) this.#cut()
    }
    return false
  }

  /** The next name; undefined when there are no more. */
  next(): BytePath | undefined {
    const name = this.#names[this.#at]
    if (name !== undefined) this.#at++
    return name
  }

  /** Names in memory. */
  get held(): number {
    return this.#names.length
  }

  close(): void {
    this.#reading?.closeSync()
    this.#reading = undefined
  }

  #start(): void {
    this.#after = this.#names.at(-1)
    this.#names = []
    this.#at = 0
    this.#more = false
    this.#ready = false
    this.#reading = opendirSync(this.#open().self().toString(), { encoding: 'latin1', bufferSize: 256 })
  }

  #end(): void {
    this.close()
    if (this.#names.length > this.#room) this.#cut()
    else this.#names.sort()
    this.#ready = true
  }

  #cut(): void {
    this.#names.sort()
    this.#names.length = this.#room
    this.#more = true
  }
}
