/** From this round trip on (milliseconds) a path is a distance: what loss and windows cost shows. */
export const distanceMs = 5
/** How long a peer that datagrams did not reach is not tried with them again, milliseconds; and how many are known. */
const rememberMs = 10 * 60_000
const mostRemembered = 1000

/** Whether to try datagrams: as asked, else over a distance, unless they failed there a while ago. */
export function triesDatagrams(
  asked: 'auto' | 'tcp' | 'udp',
  path: { readonly roundTrip: number; readonly hasFailed: boolean },
): boolean {
  if (asked !== 'auto') return asked === 'udp'
  return path.roundTrip >= distanceMs && !path.hasFailed
}

/** How long to wait for the answer to a probe, milliseconds. Whoever asked for datagrams has time. */
export function probeWait(asked: 'auto' | 'tcp' | 'udp', roundTrip: number): number {
  return asked === 'udp' ? 3000 : 200 + 2 * roundTrip
}

/** Connections to begin with, where nobody said how many. */
export function firstConnections(roundTrip: number): number {
  return roundTrip < distanceMs ? 2 : 8
}

/** Addresses that datagrams did not reach, for a while. */
export class Unreached {
  readonly #until = new Map<string, number>()

  add(address: string, now: number): void {
    this.#until.delete(address)
    this.#until.set(address, now + rememberMs)
    const [oldest] = this.#until.keys()
    if (this.#until.size > mostRemembered && oldest !== undefined) this.#until.delete(oldest)
  }

  has(address: string, now: number): boolean {
    return (this.#until.get(address) ?? 0) > now
  }
}
