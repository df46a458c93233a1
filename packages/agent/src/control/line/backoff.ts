const eager = 600_000
const slowest = 15_000

/**
 * Milliseconds to wait before the next attempt: never more than one second in the first ten minutes of an
 * outage, then slowly up to 15 s. `outage` is how long it has lasted, milliseconds; `attempt` counts from 1.
 * The randomness keeps agents apart that lost the same server.
 */
export function backoff(outage: number, attempt: number, random: () => number = Math.random): number {
  if (outage < eager) return Math.min(1000, 200 * 1.5 ** (attempt - 1)) * (0.5 + random() / 2)
  const late = Math.min(slowest, 1000 + (outage - eager) / 60)
  return late * (0.75 + random() / 4)
}
