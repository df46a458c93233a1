import { setTimeout as sleep } from 'node:timers/promises'
import { describeLiving } from './living.js'

export interface WaitOptions {
  /** Words for the failure: what was waited for. */
  readonly what: string
  /** Milliseconds until it fails; generous, since it costs nothing when things go well. */
  readonly timeoutMs?: number
  /** Milliseconds between two looks. */
  readonly everyMs?: number
}

/** Thrown inside a condition: waiting longer cannot help. */
export class Hopeless extends Error {}

/**
 * Looks until `condition` gives something that is neither undefined nor false, and returns that. A condition
 * that throws counts as not yet; the failure tells the last error and what the processes printed.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, undefined | false>> {
  const { what, timeoutMs = 30_000, everyMs = 25 } = options
  const deadline = Date.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
      last = undefined
    } catch (error) {
      if (error instanceof Hopeless) throw withLogs(`${what}: ${error.message}`, error)
      last = error
    }
    if (Date.now() >= deadline) {
      const why = last instanceof Error ? `; last error: ${last.message}` : ''
      throw withLogs(`Waited ${timeoutMs} ms for ${what}${why}`, last)
    }
    await sleep(everyMs)
  }
}

function withLogs(message: string, cause: unknown): Error {
  return new Error(`${message}\n${describeLiving()}`, { cause })
}
