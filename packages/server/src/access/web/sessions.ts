import { newId, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import type { WebSessionTable } from '../../store/schema.js'
import type { Store, Tx } from '../../store/store.js'
import type { Account } from '../accounts.js'
import { hashToken, newToken } from '../secrets/tokens.js'

const prefix = 'wbs_'
/** A session ends this long after its last use, and at the latest this long after its login. Milliseconds. */
const idleFor = 14 * 24 * 3_600_000
const longest = 90 * 24 * 3_600_000
const useNotedEvery = 60_000
/** The oldest makes way for one more. */
const mostSessions = 50

export type WebSession = Omit<Selectable<WebSessionTable>, 'hash'>

export interface OpenedSession {
  readonly id: string
  /** Shown this once: only its hash is kept. */
  readonly token: string
  readonly expires: number
}

/** From where somebody logs in. */
export interface Place {
  readonly device: string
  readonly address: string
  readonly now: number
}

/** Opens a session of an account; the caller has checked its password. `db` is narrowed to no workspace. */
export async function openSession(
  db: Tx,
  account: string,
  { device, address, now }: Place,
): Promise<OpenedSession> {
  await db.deleteFrom('web_session').where('account', '=', account).where('expires', '<=', now).execute()
  const older = await sessionsOf(db, account, now)
  const surplus = older.slice(0, Math.max(0, older.length - mostSessions + 1)).map(({ id }) => id)
  if (surplus.length > 0) await db.deleteFrom('web_session').where('id', 'in', surplus).execute()
  const token = newToken(prefix)
  const id = newId(now)
  const expires = now + idleFor
  const row = { id, account, hash: hashToken(token), device: device.slice(0, 500), address, created: now }
  await db
    .insertInto('web_session')
    .values({ ...row, expires, last_used: now })
    .execute()
  return { id, token, expires }
}

/** The session of a token and its account; undefined when there is none, or it is over. */
export async function findSession(
  store: Store,
  token: string,
  now: number,
): Promise<{ readonly session: WebSession; readonly account: Pick<Account, 'id' | 'email'> } | undefined> {
  const row = await store.installation
    .selectFrom('web_session')
    .innerJoin('account', 'account.id', 'web_session.account')
    .selectAll('web_session')
    .select('account.email')
    .where('hash', '=', hashToken(token))
    .executeTakeFirst()
  if (row === undefined || row.expires <= now) return undefined
  const { hash: _, email, ...session } = row
  return { session, account: { id: row.account, email } }
}

/** Moves the end of a session away from now, at most once a minute. */
export async function noteSessionUse(
  store: Store,
  { id, created, last_used }: WebSession,
  now: number,
): Promise<void> {
  if (now - last_used < useNotedEvery) return
  const expires = Math.min(now + idleFor, created + longest)
  await store.installation
    .updateTable('web_session')
    .set({ last_used: now, expires })
    .where('id', '=', id)
    .execute()
}

/** An account's sessions, oldest first. */
export async function sessionsOf(db: Tx, account: string, now: number): Promise<readonly WebSession[]> {
  return await db
    .selectFrom('web_session')
    .select(['id', 'account', 'device', 'address', 'created', 'expires', 'last_used'])
    .where('account', '=', account)
    .where('expires', '>', now)
    .orderBy('id')
    .execute()
}

/** Ends one session of an account; `not_found` when it has none with this id. */
export async function endSession(db: Tx, account: string, id: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('web_session')
    .where('account', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw new WaybillError('not_found', `There is no session ${id}`)
}

/** Ends all sessions of an account, but the one that is `kept`. */
export async function endSessions(db: Tx, account: string, kept?: string): Promise<void> {
  let query = db.deleteFrom('web_session').where('account', '=', account)
  if (kept !== undefined) query = query.where('id', '!=', kept)
  await query.execute()
}

/** Forgets sessions that are over. */
export async function purgeSessions(store: Store, now: number): Promise<void> {
  await store.installation.deleteFrom('web_session').where('expires', '<=', now).execute()
}
