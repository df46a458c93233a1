import { write } from 'node:fs'
import { makeZero } from '../../platform/punch.js'
import { dataRuns } from './zeros.js'

type Done = (error?: Error) => void

/** Writes to one file, one at a time: the kernel locks the file anyway, and waiters would spin. */
export class WriteQueue {
  readonly #fd: number
  readonly #work: ((through: Done) => void)[] = []

  constructor(fd: number) {
    this.#fd = fd
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
    const step = (from: number) => {
      const run = runs[current]
      if (run === undefined) {
        through()
      } else if (from >= run.until) {
        current++
        step(runs[current]?.from ?? 0)
      } else {
        write(this.#fd, data, from, run.until - from, offset + from, (error, written) => {
          if (error !== null) through(error)
          else step(from + written)
        })
      }
    }
    if (runs.length === 0) queueMicrotask(through)
    else step(runs[0]?.from ?? 0)
  }
}
