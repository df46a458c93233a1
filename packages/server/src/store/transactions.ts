import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { WaybillError } from '@waybill/api'
import type { Kysely } from 'kysely'
import { isCollision } from './faults.js'
import type { Schema } from './schema.js'
import type { Tx } from './store.js'

const ATTEMPTS = 12

const current = new AsyncLocalStorage<{ open: boolean }>()

/** Whether the caller runs inside of a transaction's work that has not ended yet. */
export function withinTransaction(): boolean {
  return current.getStore()?.open === true
}

/**
 * Runs `work` in a transaction that behaves as if it were alone (serializable), and again when the database
 * says that it was not: `work` must have no effects outside of the database.
 */
export async function inTransaction<T>(db: Kysely<Schema>, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (withinTransaction()) {
    throw new Error('A transaction within a transaction: hand the `tx` down')
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db
        .transaction()
        .setIsolationLevel('serializable')
        .execute((tx) => marked(() => work(tx)))
    } catch (error) {
      if (!isCollision(error)) throw error
      if (attempt === ATTEMPTS) {
        throw new WaybillError('conflict', 'Too many changes at once; please try again', { cause: error })
      }
    }
    await delay(Math.random() * Math.min(2 ** attempt, 500))
  }
}

async function marked<T>(work: () => Promise<T>): Promise<T> {
  const mark = { open: true }
  try {
    return await current.run(mark, work)
  } finally {
    mark.open = false
  }
}
