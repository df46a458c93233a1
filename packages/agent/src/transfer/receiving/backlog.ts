/** Bytes that may wait for the disk before the link is paused. */
const maxUnwritten = 16 * 1024 * 1024

/** Counts what waits to be written, and pauses the link while that is too much. */
export class Backlog {
  readonly #pause: (paused: boolean) => void
  #unwritten = 0

  constructor(pause: (paused: boolean) => void) {
    this.#pause = pause
  }

  /** So many bytes more; negative when they were written. */
  count(bytes: number): void {
    const before = this.#unwritten
    this.#unwritten += bytes
    if (before <= maxUnwritten && this.#unwritten > maxUnwritten) this.#pause(true)
    else if (before > maxUnwritten / 2 && this.#unwritten <= maxUnwritten / 2) this.#pause(false)
  }
}
