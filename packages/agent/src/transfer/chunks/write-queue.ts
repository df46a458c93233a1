import { write } from 'node:fs'
import type { DirectWrites } from '../../platform/contents/direct-writes.js'
import { makeZero } from '../../platform/contents/punch.js'
import { dataRuns } from './zeros.js'

type Done = (error?: Error) => void

/** Writes to one file, one at a time: the kernel locks the file anyway, and waiters would spin. */
export class WriteQueue {
  readonly #fd: number
  readonly #direct: DirectWrites | undefined
  readonly #work: ((through: Done) => void)[] = []

  /** With `direct`, what it takes goes that way. */
  constructor(fd: number, direct?: DirectWrites) {
    this.#fd = fd
    this.#direct = direct
  }

  /** With `overHole`, nothing but a hole is there by now, and longer stretches of zeros stay one. */
  write(data: Buffer, offset: number, overHole: boolean, done: Done): void {
    const runs = overHole ? dataRuns(data) : [{ from: 0, until: data.length }]
    this.#add((through) => this.#writeRuns(data, offset, runs, through), done)
  }

  /** Makes what is there read as zeros. */
  zero(from: number, until: number, done: Done): void {
    this.#add((through) => {
      makeZero(this.#fd, from, until).then(
        () => through(),
        (error: unknown) => through(error instanceof Error ? error : new Error(String(error))),
      )
    }, done)
  }

  #add(work: (through: Done) => void, done: Done): void {
    this.#work.push((through) =>
      work((error) => {
        through()
        done(error)
      }),
    )
    if (this.#work.length === 1) this.#next()
  }

  #next(): void {
    this.#work[0]?.(() => {
      this.#work.shift()
      this.#next()
    })
  }

  #writeRuns(
    data: Buffer,
    offset: number,
    runs: readonly { readonly from: number; readonly until: number }[],
    through: Done,
  ): void {
    let current = 0
    const next = (error?: Error) => {
      const run = runs[current++]
      if (error !== undefined || run === undefined) through(error)
      else this.#writeRun(data.subarray(run.from, run.until), offset + run.from, next)
    }
    if (runs.length === 0) queueMicrotask(through)
    else next()
  }

  #writeRun(data: Buffer, offset: number, through: Done): void {
    if (this.#direct?.takes(offset, data.length) !== true) {
      this.#writeCached(data, offset, through)
      return
    }
    this.#direct.write(data, offset, (error, isWritten) => {
      if (error !== undefined || isWritten) through(error)
      else this.#writeCached(data, offset, through)
    })
  }

  #writeCached(data: Buffer, offset: number, through: Done): void {
    const step = (from: number) => {
      if (from === data.length) {
        through()
        return
      }
      write(this.#fd, data, from, data.length - from, offset + from, (error, written) => {
        if (error !== null) through(error)
        else step(from + written)
      })
    }
    step(0)
  }
}
