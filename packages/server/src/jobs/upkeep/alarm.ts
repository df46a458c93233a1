import type { Clock } from '../../context.js'

/** The longest sleep, milliseconds: a clock that jumps is noticed by then. */
const longest = 30_000

/** One timer for all moments that something is due at. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined
  private next = Number.POSITIVE_INFINITY
  private ringing = false
  private closed = false

  /** `ring` does what is due and answers with the next moment, or null; it is never called twice at once. */
  constructor(
    private readonly clock: Clock,
    private readonly ring: () => Promise<number | null>,
  ) {}

  /** Something is due at `moment` (milliseconds since 1970); null is nothing. */
  at(moment: number | null | undefined): void {
    if (moment === null || moment === undefined || moment >= this.next || this.closed) return
    this.next = moment
    if (!this.ringing) this.arm()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
  }

  private arm(): void {
    clearTimeout(this.timer)
    const wait = Math.min(longest, Math.max(0, this.next - this.clock.now()))
    this.timer = setTimeout(() => void this.wake(), wait)
    this.timer.unref()
  }

  private async wake(): Promise<void> {
    if (this.clock.now() < this.next) return this.arm()
    this.next = Number.POSITIVE_INFINITY
    this.ringing = true
    const next = await this.ring().catch(() => this.clock.now() + longest)
    this.ringing = false
    if (this.closed) return
    if (next !== null && next < this.next) this.next = next
    if (this.next !== Number.POSITIVE_INFINITY) this.arm()
  }
}
