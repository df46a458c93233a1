import type { OwnAddress } from './own-address.js'

export interface SilenceEvents {
  /** Something should be said, so that there is an answer. */
  ask(): void
  /** The peer is given up. */
  lost(words: string): void
}

/** Parts of the limit after which this side says something, and looks. */
const ticksToSilence = 6

/** Notices that nothing is heard over a link. */
export class Silence {
  readonly #events: SilenceEvents
  readonly #timer: NodeJS.Timeout
  #address: OwnAddress | undefined
  #moves = false
  #ticks = 0
  /** Nothing can be heard because this side does not listen: that is nobody's fault. */
  isDeaf = false

  /** Begins to count once the link `stands`. A peer of which nothing is heard for `limitMs` is lost. */
  constructor(limitMs: number, events: SilenceEvents) {
    this.#events = events
    // Counted in ticks, not read from a clock: a process that was stopped, or busy, blames nobody.
    this.#timer = setInterval(() => this.#tick(), limitMs / ticksToSilence)
  }

  /** `address` is what the link has at this side; whether it `moves`, and so can go on from another one. */
  stands(address: OwnAddress, moves: boolean): void {
    this.#address = address
    this.#moves = moves
  }

  heard(): void {
    this.#ticks = 0
  }

  /** Whether it has been silent for a good while; a peer may have noticed a moment earlier. */
  get isLong(): boolean {
    return this.#ticks > ticksToSilence / 2
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    if (this.#address === undefined) return
    this.#ticks = this.isDeaf ? 0 : this.#ticks + 1
    const hasMoved = this.#ticks > 0 && this.#address.isGone
    if (this.#ticks > ticksToSilence) {
      this.#events.lost('Nothing was heard of the other agent for too long')
    } else if (hasMoved && !this.#moves) {
      this.#events.lost('This machine has another address now')
    } else if (this.#ticks > 1 || this.isDeaf || hasMoved) {
      this.#events.ask()
    }
  }
}
