/** One writer per target: a second one, of any session of this process, waits until the first is through. */
export class Locks {
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Takes `key` at once, or not at all. */
  tryTake(key: string): (() => void) | undefined {
    if (this.#waiting.has(key)) return undefined
    this.#waiting.set(key, [])
    return this.#release(key)
  }

  /** Resolves when `key` is ours, with the function that gives it back. */
  async take(key: string): Promise<() => void> {
    const queue = this.#waiting.get(key)
    if (queue === undefined) {
      this.#waiting.set(key, [])
    } else {
      await new Promise<void>((resolve) => {
        queue.push(resolve)
      })
    }
    return this.#release(key)
  }

  #release(key: string): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.#waiting.get(key)?.shift()
      if (next === undefined) this.#waiting.delete(key)
      else next()
    }
  }
}
