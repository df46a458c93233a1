import { setTimeout as delay } from 'node:timers/promises'
import { WaybillError } from '@waybill/api'

/** How long a change waits for another process that writes to the same file. */
const PATIENCE_MS = 30_000

/**
 * Tries again while another process holds the file's write lock. SQLite's own waiting (busy_timeout) would
 * stop this whole process for as long.
 */
export async function patiently<T>(work: () => T): Promise<T> {
  const giveUp = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() > giveUp) {
        throw new WaybillError('timeout', 'Another process keeps the database locked', { cause: error })
      }
    }
    await delay(2 + Math.random() * 20)
  }
}

/** The text is SQLite's own and the same in every build; the code is missing on some paths of the addon. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.includes('database is locked')
}
