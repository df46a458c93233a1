import { createHmac } from 'node:crypto'
import { WaybillError } from '@waybill/api'
import type { Caller } from '../context.js'
import type { Store } from '../store/store.js'
import { parseAuthorization } from './credentials.js'
import { hashKey, verifyKey } from './keys.js'

const CONTACT_NOTED_EVERY_MS = 60_000
const ATTEMPTS_WINDOW_MS = 5 * 60_000
const ATTEMPTS_ALLOWED = 20
const GUESSERS_REMEMBERED = 10_000

/** The headers that say who calls, as Node gives them. */
export interface CallHeaders {
  readonly authorization?: string | undefined
  readonly 'x-accsyn-workspace'?: string | readonly string[] | undefined
  readonly 'x-accsyn-device'?: string | readonly string[] | undefined
}

export interface Authenticated {
  readonly caller: Caller
  readonly workspace: { readonly id: string; readonly code: string }
  /** The `session_id` of login: the same as long as the key is, and after a restart. */
  readonly session: string
  /** What the calling program says of itself, and the peer's IP address. */
  readonly device: string
  readonly address: string
}

export interface Authenticator {
  /**
   * Who calls, from `address` (the peer's IP). Rejects with a WaybillError: `unauthenticated` for a key that
   * is absent, wrong, revoked or expired, `rate_limited` for too many of those, `forbidden` for an unknown or
   * disabled workspace and a disabled user, `not_member` for a good key of somebody who was not invited.
   */
  authenticate(headers: CallHeaders, address: string, now: number): Promise<Authenticated>
}

export function createAuthenticator(store: Store): Authenticator {
  const failed = new FailedAttempts()
  return {
    async authenticate(headers, address, now) {
      const credentials = parseAuthorization(headers.authorization)
      if (credentials === undefined)
        throw new WaybillError('unauthenticated', 'Log in with an email and an API key')
      const { email, key } = credentials
      const verified = await verifyKey(store, email, key, now)
      if (verified === undefined) {
        const tooMany = failed.add(address, email, now)
        if (tooMany) throw new WaybillError('rate_limited', 'Too many wrong API keys; wait some minutes')
        throw new WaybillError('unauthenticated', 'The email or the API key is wrong, or the key has ended')
      }
      const workspace = await findWorkspace(store, headers['x-accsyn-workspace'])
      const caller = await findMember(store, workspace, verified.account, now)
      const device = String(headers['x-accsyn-device'] ?? '')
      return { caller, workspace, session: sessionId(key, workspace.id), device, address }
    },
  }
}

async function findWorkspace(
  store: Store,
  header: CallHeaders['x-accsyn-workspace'],
): Promise<Authenticated['workspace']> {
  const code = typeof header === 'string' ? header.trim().toLowerCase() : ''
  const found = await store.installation
    .selectFrom('workspace')
    .select(['id', 'code', 'status'])
    .where('code', '=', code)
    .executeTakeFirst()
  if (found === undefined) throw new WaybillError('forbidden', `There is no workspace "${code}" here`)
  if (found.status === 'disabled') throw new WaybillError('forbidden', `The workspace "${code}" is disabled`)
  return { id: found.id, code: found.code }
}

async function findMember(
  store: Store,
  workspace: Authenticated['workspace'],
  account: { readonly id: string; readonly email: string },
  now: number,
): Promise<Caller> {
  const { db } = store.workspace(workspace.id)
  const user = await db
    .selectFrom('user')
    .select(['id', 'code', 'role', 'status', 'inactive', 'logged_in'])
    .where('account', '=', account.id)
    .executeTakeFirst()
  if (user === undefined || user.inactive === 1) {
    throw new WaybillError('not_member', `${account.email} is no user of the workspace "${workspace.code}"`)
  }
  if (user.status === 'disabled') throw new WaybillError('forbidden', `The user ${user.code} is disabled`)
  if (user.logged_in === null || now - user.logged_in >= CONTACT_NOTED_EVERY_MS) {
    await db.updateTable('user').set({ logged_in: now }).where('id', '=', user.id).execute()
  }
  return { user: user.id, account: account.id, email: user.code, role: user.role }
}

/** Made from the key, so that there is nothing to keep, and nothing that says what the key is. */
function sessionId(key: string, workspace: string): string {
  return createHmac('sha256', hashKey(key)).update(`session ${workspace}`).digest('hex')
}

/**
 * Counts wrong keys per address and email. Only ever asked after a key was found to be wrong, so nobody who
 * has the right one can be locked out by somebody who has not.
 */
class FailedAttempts {
  readonly #counts = new Map<string, { count: number; since: number }>()

  /** Notes a wrong key; true when there were too many of them in the last minutes. */
  add(address: string, email: string, now: number): boolean {
    const who = `${address} ${email}`
    const last = this.#counts.get(who)
    const entry =
      last === undefined || now - last.since > ATTEMPTS_WINDOW_MS ? { count: 0, since: now } : last
    entry.count += 1
    // Put at the end, so that what is forgotten first is what was quiet longest.
    this.#counts.delete(who)
    this.#counts.set(who, entry)
    if (this.#counts.size > GUESSERS_REMEMBERED) {
      const [oldest] = this.#counts.keys()
      if (oldest !== undefined) this.#counts.delete(oldest)
    }
    return entry.count > ATTEMPTS_ALLOWED
  }
}
