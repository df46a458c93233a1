import { WaybillError } from '@waybill/api'
import type { Store, Tx } from '../../store/store.js'
import { inTransaction } from '../../store/transactions.js'
import type { Account } from '../accounts.js'
import { auditAccount } from '../memberships.js'
import { checkPassword, hashPassword } from '../secrets/passwords.js'
import { endSessions, type Place } from './sessions.js'

/**
 * Gives an account another password, or takes it away with `undefined`, and ends its sessions but the one that is
 * `kept`. The caller has proven who asks. `bad_request` for a weak one, `conflict` when another was set since
 * `account` was read.
 */
export async function setPassword(
  store: Store,
  account: Account,
  password: string | undefined,
  place: Place,
  kept?: string,
): Promise<void> {
  if (password !== undefined) checkPassword(password, account.email)
  const hash = password === undefined ? null : await hashPassword(password)
  await inTransaction(store.installation, async (db) => {
    await setPasswordIn(db, account, hash, place, kept)
  })
}

/** The same with a hash that was made before, in a transaction that is narrowed to no workspace. */
export async function setPasswordIn(
  db: Tx,
  account: Account,
  hash: string | null,
  place: Place,
  kept?: string,
): Promise<void> {
  const changed = await db
    .updateTable('account')
    .set({ password: hash })
    .where('id', '=', account.id)
    .where('password', 'is not distinct from', account.password)
    .executeTakeFirst()
  if (changed.numUpdatedRows === 0n) {
    throw new WaybillError('conflict', 'The password was changed meanwhile; log in again')
  }
  await endSessions(db, account.id, kept)
  await auditAccount(db, account, place, { change: hash === null ? 'password removed' : 'password set' })
}
