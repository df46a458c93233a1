import { WaybillError } from '@waybill/api'
import type { Store } from '../store/store.js'
import { inTransaction } from '../store/transactions.js'
import { findAccount } from './accounts.js'
import { createKeyIn, type KeyOptions, type NewKey, revokeKeyIn } from './keys.js'
import { auditOperator } from './memberships.js'
import { endSessions } from './web/sessions.js'

/** What whoever runs an installation does to accounts, on its database, with a line in the audit logs. */

/** Makes an API key, and the account when it is new. Rejects as `createKeyIn` does. */
export async function issueKey(store: Store, email: string, options: KeyOptions = {}): Promise<NewKey> {
  return await inTransaction(store.installation, async (db) => {
    const made = await createKeyIn(db, email, options)
    const details = {
      key: made.id,
      name: options.name,
      expires: options.expires,
      addresses: options.addresses,
    }
    await auditOperator(db, made.account.id, { change: 'key created', details })
    return made
  })
}

/** Ends an API key at once; `not_found` when there is none. */
export async function withdrawKey(store: Store, id: string): Promise<void> {
  await inTransaction(store.installation, async (db) => {
    const key = await db
      .selectFrom('api_key')
      .select(['account', 'name'])
      .where('id', '=', id)
      .executeTakeFirst()
    await revokeKeyIn(db, id, Date.now())
    if (key === undefined) return
    await auditOperator(db, key.account, { change: 'key revoked', details: { key: id, name: key.name } })
  })
}

/** Takes away a password that was forgotten, and ends the web sessions; `not_found` when there is no account. */
export async function removePassword(store: Store, email: string): Promise<void> {
  await inTransaction(store.installation, async (db) => {
    const account = await findAccount(db, email)
    if (account === undefined) throw new WaybillError('not_found', `There is no account ${email}`)
    await db.updateTable('account').set({ password: null }).where('id', '=', account.id).execute()
    await endSessions(db, account.id)
    await auditOperator(db, account.id, { change: 'password removed' })
  })
}
