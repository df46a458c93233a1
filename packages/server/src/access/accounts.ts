import { newId } from '@waybill/api'
import type { Selectable } from 'kysely'
import type { AccountTable } from '../store/schema.js'
import type { Tx } from '../store/store.js'
import { parseEmail } from './emails.js'

export type Account = Selectable<AccountTable>

/** The account with this email, in any case; undefined when there is none. `db` is narrowed to no workspace. */
export async function findAccount(db: Tx, email: string): Promise<Account | undefined> {
  return db.selectFrom('account').selectAll().where('email', '=', parseEmail(email)).executeTakeFirst()
}

/** The account with this email, made when there is none yet. `bad_request` when it is no email. */
export async function ensureAccount(
  db: Tx,
  email: string,
  { name = '', now = Date.now() }: { readonly name?: string; readonly now?: number } = {},
): Promise<Account> {
  const address = parseEmail(email)
  // Looked up first: most are there, and a refused insert would still be a write.
  const found = await findAccount(db, address)
  if (found !== undefined) return found
  await db
    .insertInto('account')
    .values({ id: newId(), email: address, name, password: null, created: now })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .execute()
  return db.selectFrom('account').selectAll().where('email', '=', address).executeTakeFirstOrThrow()
}
