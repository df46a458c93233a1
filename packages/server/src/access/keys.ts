import { newId, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import * as v from 'valibot'
import type { ApiKeyTable } from '../store/schema.js'
import type { Store, Tx } from '../store/store.js'
import { type Account, ensureAccount, findAccount } from './accounts.js'
import { parseAddresses } from './secrets/key-addresses.js'
import { hashToken, newToken } from './secrets/tokens.js'

const keyPrefix = 'wbk_'
const USE_NOTED_EVERY_MS = 60_000
const MOST_KEYS = 100
const LONGEST_NAME = 200

export interface KeyOptions {
  /** For whoever reads the list of keys later. */
  readonly name?: string
  /** Milliseconds since 1970; never when absent. */
  readonly expires?: number
  /** Addresses and networks that it may be used from; everywhere when there are none. */
  readonly addresses?: readonly string[]
  /** Id of the one workspace that it works in; all of the account's when absent. */
  readonly boundTo?: string
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

/**
 * The same within a transaction that is narrowed to no workspace. `bad_request` for what is no address, for a
 * moment that is over, and for a name that is too long; `conflict` for an account with very many keys.
 */
export async function createKeyIn(db: Tx, email: string, options: KeyOptions = {}): Promise<NewKey> {
  const { name = '', expires, addresses = [], boundTo, now = Date.now() } = options
  if (name.length > LONGEST_NAME) throw new WaybillError('bad_request', 'The name of the key is too long')
  if (expires !== undefined && expires <= now) {
    throw new WaybillError('bad_request', 'The key would have ended already: expires has to be in the future')
  }
  const allowed = parseAddresses(addresses)
  const account = await ensureAccount(db, email, { now })
  await refuseTooMany(db, account, now)
  const key = newToken(keyPrefix)
  const id = newId()
  await db
    .insertInto('api_key')
    .values({
      id,
      account: account.id,
      name,
      hash: hashToken(key),
      addresses: JSON.stringify(allowed),
      bound_to: boundTo ?? null,
      created: now,
      expires: expires ?? null,
      revoked: null,
      last_used: null,
    })
    .execute()
  return { id, account, key }
}

async function refuseTooMany(db: Tx, account: Account, now: number): Promise<void> {
  const { count } = await inForce(db, account.id, now)
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  if (Number(count) >= MOST_KEYS) {
    throw new WaybillError('conflict', `${account.email} has ${MOST_KEYS} API keys; revoke some first`)
  }
}

function inForce(db: Tx, account: string, now: number) {
  return db
    .selectFrom('api_key')
    .where('account', '=', account)
    .where('revoked', 'is', null)
    .where((eb) => eb.or([eb('expires', 'is', null), eb('expires', '>', now)]))
}

/** Whether an account has a key that can be used. */
export async function hasKey(db: Tx, account: string, now: number): Promise<boolean> {
  return (await inForce(db, account, now).select('id').limit(1).executeTakeFirst()) !== undefined
}

/** Whether an account has, or ever had, a key that is not bound to a workspace: somebody uses it already. */
export async function hasAnyKey(db: Tx, account: string): Promise<boolean> {
  const keys = db
    .selectFrom('api_key')
    .select('id')
    .where('account', '=', account)
    .where('bound_to', 'is', null)
  return (await keys.limit(1).executeTakeFirst()) !== undefined
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
    .where('hash', '=', hashToken(key))
    .executeTakeFirst()
  if (row === undefined || row.email !== email) return undefined
  if (row.revoked !== null || (row.expires !== null && row.expires <= now)) return undefined
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

const Addresses = v.array(v.string())

/** The addresses and networks that a key may be used from; none is everywhere. */
export function addressesOf({ addresses }: Pick<KeyInfo, 'addresses'>): readonly string[] {
  return v.parse(Addresses, JSON.parse(addresses))
}

/** At most once a minute: a script that calls a hundred times a second must not write as often. */
export async function noteKeyUse(
  store: Store,
  key: Pick<KeyInfo, 'id' | 'last_used'>,
  now: number,
): Promise<void> {
  if (key.last_used !== null && now - key.last_used < USE_NOTED_EVERY_MS) return
  await store.installation.updateTable('api_key').set({ last_used: now }).where('id', '=', key.id).execute()
}

/** An account's keys, oldest first; none when there is no such account. */
export async function listKeys(store: Store, email: string): Promise<readonly KeyInfo[]> {
  const account = await findAccount(store.installation, email)
  return account === undefined ? [] : await keysOf(store.installation, account.id)
}

/** The keys of an account, oldest first; with `boundTo` only those that work in that workspace alone. */
export async function keysOf(db: Tx, account: string, boundTo?: string): Promise<readonly KeyInfo[]> {
  let query = db
    .selectFrom('api_key')
    .select(['id', 'account', 'name', 'addresses', 'bound_to', 'created', 'expires', 'revoked', 'last_used'])
    .where('account', '=', account)
  if (boundTo !== undefined) query = query.where('bound_to', '=', boundTo)
  return await query.orderBy('id').execute()
}

/** Ends a key at once. `not_found` when there is none with this id; revoking twice keeps the first moment. */
export async function revokeKey(store: Store, id: string, now: number = Date.now()): Promise<void> {
  await revokeKeyIn(store.installation, id, now)
}

/** The same within a transaction that is narrowed to no workspace. */
export async function revokeKeyIn(db: Tx, id: string, now: number): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(now)) }))
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new WaybillError('not_found', `There is no API key ${id}`)
}
