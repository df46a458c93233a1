const WINDOW_MS = 5 * 60_000
const LIMIT = 20
const REMEMBERED = 10_000

/**
 * Counts wrong keys per address and email. Only ever asked after a key was found to be wrong, so nobody who
 * has the right one can be locked out by somebody who has not.
 */
export class FailedAttempts {
  readonly #counts = new Map<string, { count: number; since: number }>()

  /** Notes a wrong key; true when there were too many of them in the last minutes. */
  add(address: string, email: string, now: number): boolean {
    const who = `${address} ${email}`
    const last = this.#counts.get(who)
    const entry = last === undefined || now - last.since > WINDOW_MS ? { count: 0, since: now } : last
    entry.count += 1
    // Put at the end, so that what is forgotten first is what was quiet longest.
    this.#counts.delete(who)
    this.#counts.set(who, entry)
    if (this.#counts.size > REMEMBERED) {
      const [oldest] = this.#counts.keys()
      if (oldest !== undefined) this.#counts.delete(oldest)
    }
    return entry.count > LIMIT
  }
}
