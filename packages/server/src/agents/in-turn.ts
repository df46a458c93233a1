/** Runs work under the same key one piece after the other, in the order of asking. */
export class InTurn {
  private readonly tails = new Map<string, Promise<unknown>>()

  /** Settles as `work` does. A failure holds up nothing that comes after. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.tails.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key)
    }
  }

  /** Settles when nothing that was asked for by now is left to do. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.tails.values()])
  }
}
