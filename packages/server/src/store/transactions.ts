import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { WaybillError } from '@waybill/api'
import type { Kysely } from 'kysely'
import { isCollision } from './faults.js'
import type { Schema } from './schema.js'
import type { Tx } from './store.js'
import { Turns } from './turns.js'

const ATTEMPTS = 20

const current = new AsyncLocalStorage<{ open: boolean }>()

/** Whether the caller runs inside of a transaction's work that has not ended yet. */
export function withinTransaction(): boolean {
  return current.getStore()?.open === true
}

/** Those that collided, and whoever comes meanwhile. */
const line = new Turns()
let waiting = 0

async function standInLine(): Promise<() => void> {
  waiting += 1
  const end = await line.take()
  return () => {
    waiting -= 1
    end()
  }
}

/**
 * Runs `work` in a transaction that behaves as if it were alone (serializable), and again when the database
 * says that it was not: `work` must have no effects outside of the database. Transactions of this process run
 * side by side until two collide; from then on one after the other, until no line is left. Otherwise many of them
 * would go on colliding, and some would never get through.
 */
export async function inTransaction<T>(db: Kysely<Schema>, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (withinTransaction()) {
    throw new Error('A transaction within a transaction: hand the `tx` down')
  }
  let leave = waiting > 0 ? await standInLine() : undefined
  try {
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
      leave ??= await standInLine()
      // Those of other processes stand in no line of ours.
      await delay(Math.random() * Math.min(2 ** (attempt - 1), 500))
    }
  } finally {
    leave?.()
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
