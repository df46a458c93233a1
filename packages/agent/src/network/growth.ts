/** How often the speed is looked at, milliseconds. */
export const growthEvery = 500
/** How much faster it has to be for more connections to have been worth it. */
const worthIt = 1.08
const step = 4
const most = 32
/** Looks without a gain after which nothing is tried any more: the line is full, or something else is slow. */
const patience = 4

/**
 * How many connections a distance is worth: more of them as long as each step made it faster. Every one of them
 * begins slowly and is slowed down by each loss for itself, so together they fill what one does not. Knows no clock.
 */
export class Growth {
  #count: number
  #best = 0
  #last = 0
  #fruitless = 0

  constructor(count: number) {
    this.#count = count
  }

  /** Whether it makes sense to go on looking. */
  get isOver(): boolean {
    return this.#count >= most || this.#fruitless >= patience
  }

  /** Takes how many bytes went either way in all; answers how many connections are to be added now. */
  look(total: number): number {
    const moved = total - this.#last
    this.#last = total
    // Nothing under way says nothing.
    if (moved === 0 || this.isOver) return 0
    if (moved <= this.#best * worthIt) {
      this.#fruitless++
      return 0
    }
    this.#best = moved
    this.#fruitless = 0
    const more = Math.min(step, most - this.#count)
    this.#count += more
    return more
  }
}
