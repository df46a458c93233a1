import { createHash, randomBytes } from 'node:crypto'
import { newId, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import type { ApiKeyTable } from '../store/schema.js'
import type { Store, Tx } from '../store/store.js'
import { type Account, ensureAccount, findAccount } from './accounts.js'

/** So that a key is known for one in a log, a repository or a chat, and by tools that look for leaked ones. */
const PREFIX = 'wbk_'
const KEY_BYTES = 32
const USE_NOTED_EVERY_MS = 60_000

export interface KeyOptions {
  /** For whoever reads the list of keys later. */
  readonly name?: string
  /** Milliseconds since 1970; never when absent. */
  readonly expires?: number
  readonly now?: number
}

export interface NewKey {
  readonly id: string
  readonly account: Account
  /** Shown this once: only its hash is kept. */
  readonly key: string
}

/** A key as lists show it. */
export type KeyInfo = Omit<Selectable<ApiKeyTable>, 'hash'>

/** Makes an API key, and the account when it is new: it need not be a user of any workspace yet. */
export async function createKey(store: Store, email: string, options: KeyOptions = {}): Promise<NewKey> {
  return createKeyIn(store.installation, email, options)
}

/** The same within a transaction that is narrowed to no workspace. */
export async function createKeyIn(db: Tx, email: string, options: KeyOptions = {}): Promise<NewKey> {
  const { name = '', expires, now = Date.now() } = options
  const account = await ensureAccount(db, email, { now })
  const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url')
  const id = newId()
  await db
    .insertInto('api_key')
    .values({
      id,
      account: account.id,
      name,
      hash: hashKey(key),
      addresses: '[]',
      bound_to: null,
      created: now,
      expires: expires ?? null,
      revoked: null,
      last_used: null,
    })
    .execute()
  return { id, account, key }
}

/**
 * SHA-256, hex. No salt and no stretching: the keys are 256 random bits, which nobody guesses, and the hash
 * is what they are found by.
 */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/**
 * The account that a key belongs to, when the key is in force and the email is that account's; undefined in
 * every other case, after the same work. The look-up goes by the key's hash, so the time that it takes says
 * nothing about other keys or about which emails exist.
 */
export async function verifyKey(
  store: Store,
  email: string,
  key: string,
  now: number,
): Promise<{ readonly account: Account; readonly key: KeyInfo } | undefined> {
  const row = await store.installation
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.account')
    .selectAll('api_key')
    .select([
      'account.email',
      'account.name as account_name',
      'account.password as account_password',
      'account.created as account_created',
    ])
    .where('hash', '=', hashKey(key))
    .executeTakeFirst()
  if (row === undefined || row.email !== email) return undefined
  if (row.revoked !== null || (row.expires !== null && row.expires <= now)) return undefined
  await noteUse(store, row, now)
  const { hash: _, email: __, account_name, account_password, account_created, ...info } = row
  const account = {
    id: row.account,
    email,
    name: account_name,
    password: account_password,
    created: account_created,
  }
  return { account, key: info }
}

/** At most once a minute: a script that calls a hundred times a second must not write as often. */
async function noteUse(
  store: Store,
  key: { readonly id: string; readonly last_used: number | null },
  now: number,
): Promise<void> {
  if (key.last_used !== null && now - key.last_used < USE_NOTED_EVERY_MS) return
  await store.installation.updateTable('api_key').set({ last_used: now }).where('id', '=', key.id).execute()
}

/** An account's keys, oldest first; none when there is no such account. */
export async function listKeys(store: Store, email: string): Promise<readonly KeyInfo[]> {
  const account = await findAccount(store.installation, email)
  if (account === undefined) return []
  return store.installation
    .selectFrom('api_key')
    .select(['id', 'account', 'name', 'addresses', 'bound_to', 'created', 'expires', 'revoked', 'last_used'])
    .where('account', '=', account.id)
    .orderBy('id')
    .execute()
}

/** Ends a key at once. `not_found` when there is none with this id; revoking twice keeps the first moment. */
export async function revokeKey(store: Store, id: string, now: number = Date.now()): Promise<void> {
  const { numUpdatedRows } = await store.installation
    .updateTable('api_key')
    .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(now)) }))
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new WaybillError('not_found', `There is no API key ${id}`)
}
