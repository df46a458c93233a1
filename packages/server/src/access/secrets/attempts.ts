import { isIP } from 'node:net'
import { plainAddress } from '../../agents/addresses.js'

const windowMs = 5 * 60_000
const remembered = 10_000

export interface AttemptLimits {
  /** Wrong secrets for one email from one address, in five minutes. */
  readonly each: number
  /** Wrong secrets from one address, whatever the email. */
  readonly address: number
}

/**
 * Counts wrong secrets by address and email, and by address alone; never by email alone, or a stranger could
 * lock somebody out from afar. In memory: after a restart the counts begin anew.
 */
export class Attempts {
  readonly #limits: AttemptLimits
  readonly #counts = new Map<string, { count: number; since: number }>()

  constructor(limits: AttemptLimits) {
    this.#limits = limits
  }

  /** Whether there were so many wrong ones that no more are looked at for now. */
  tooMany(address: string, email: string, now: number): boolean {
    const from = network(address)
    return (
      this.#count(`${from} ${email}`, now) >= this.#limits.each ||
      this.#count(from, now) >= this.#limits.address
    )
  }

  /** Notes a wrong one; true when there were too many before it. */
  add(address: string, email: string, now: number): boolean {
    const already = this.tooMany(address, email, now)
    const from = network(address)
    this.#note(`${from} ${email}`, now)
    this.#note(from, now)
    return already
  }

  #count(who: string, now: number): number {
    const entry = this.#counts.get(who)
    return entry === undefined || now - entry.since > windowMs ? 0 : entry.count
  }

  #note(who: string, now: number): void {
    const count = this.#count(who, now)
    const since = count === 0 ? now : (this.#counts.get(who)?.since ?? now)
    // Put at the end, so that what is forgotten first is what was quiet longest.
    this.#counts.delete(who)
    this.#counts.set(who, { count: count + 1, since })
    if (this.#counts.size <= remembered) return
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined) this.#counts.delete(oldest)
  }
}

/** An IPv6 address stands for the 64 bits that one subscriber has. */
function network(address: string): string {
  const plain = plainAddress(address) ?? address
  if (isIP(plain) !== 6) return plain
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length
  return [...first, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':')
}
