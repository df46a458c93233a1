/** Work under way that has to end before what it works on is closed. */
export class Pending {
  readonly #under = new Set<Promise<void>>()

  track(work: Promise<void>): void {
    this.#under.add(work)
    const forget = () => {
      this.#under.delete(work)
    }
    work.then(forget, forget)
  }

  /** Resolves when all that is under way now has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#under)
  }
}
