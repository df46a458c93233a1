import type { LinkFault } from './faults.js'

/** How long nothing may come before there is nothing left to come, and how long it may come in all; milliseconds. */
const quietMs = 1000
const longestMs = 10_000

/**
 * The end of a link whose peer is gone: what it had sent is still in the kernels and on the line, and is worth as much
 * as ever. `over` tells, once, when no more of it comes.
 */
export class Ebb {
  readonly #over: (fault: LinkFault) => void
  #timer: NodeJS.Timeout | undefined
  #until = 0

  constructor(over: (fault: LinkFault) => void) {
    this.#over = over
  }

  /** The peer is gone, for this reason; a later one changes nothing. */
  begin(fault: LinkFault): void {
    if (this.#timer !== undefined) return
    this.#until = performance.now() + longestMs
    this.#timer = setTimeout(() => this.#over(fault), quietMs)
  }

  /** Data came. */
  heard(): void {
    if (this.#timer !== undefined && performance.now() < this.#until - quietMs) this.#timer.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
