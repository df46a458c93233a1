import { WaybillError } from '@waybill/api'
import { plainAddress } from '../agents/addresses.js'
import type { Caller, Credential } from '../context.js'
import type { Store } from '../store/store.js'
import type { Account } from './accounts.js'
import { addressesOf, noteKeyUse, verifyKey } from './keys.js'
import { findMember, findWorkspace, type Member, sessionId } from './memberships.js'
import { Attempts } from './secrets/attempts.js'
import { type Credentials, parseAuthorization } from './secrets/credentials.js'
import { isAllowedFrom } from './secrets/key-addresses.js'
import { hashToken } from './secrets/tokens.js'
import { WebLogin } from './web/login.js'
import { findSession, noteSessionUse } from './web/sessions.js'

const CONTACT_NOTED_EVERY_MS = 60_000

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
   * Who calls, from `address` (the peer's IP). Rejects with a WaybillError: `unauthenticated` for a key or
   * session that is absent, wrong, revoked, over, or not for this address, `rate_limited` for too many of
   * those, `forbidden` for an unknown or disabled workspace and a disabled user, `not_member` for a good key of
   * somebody who was not invited.
   */
  authenticate(headers: CallHeaders, address: string, now: number): Promise<Authenticated>
  /** Logs people in by their passwords. */
  readonly web: WebLogin
}

export interface AuthenticatorOptions {
  /** Told of keys that were used from where they may not be. */
  readonly log?: (line: string) => void
}

/** Who somebody is by a good secret, before any workspace is asked. */
interface Proven {
  readonly account: Pick<Account, 'id' | 'email'>
  readonly credential: Credential
  /** The hash of the secret, from which the session id is made. */
  readonly hash: string
  readonly boundTo: string | null
  noteUse(): Promise<void>
}

/** Wrong secrets; nobody who has the right one is ever asked how often others were wrong. */
const limits = { each: 20, address: 200 }

export function createAuthenticator(
  store: Store,
  { log = () => undefined }: AuthenticatorOptions = {},
): Authenticator {
  const failed = new Attempts(limits)
  return {
    web: new WebLogin(store),
    async authenticate(headers, peer, now) {
      // As people write it, also where IPv4 arrives at an IPv6 socket.
      const address = plainAddress(peer) ?? peer
      const credentials = parseAuthorization(headers.authorization)
      if (credentials === undefined)
        throw new WaybillError('unauthenticated', 'Log in with an email and an API key')
      const proven =
        'token' in credentials
          ? await proveSession(store, credentials.token, now)
          : await proveKey(store, credentials, address, now, log)
      if (proven === undefined) {
        const who = 'token' in credentials ? '' : credentials.email
        if (failed.add(address, who, now))
          throw new WaybillError('rate_limited', 'Too many wrong API keys; wait some minutes')
        throw new WaybillError('unauthenticated', wrong(credentials))
      }
      const workspace = await findWorkspace(store, headers['x-accsyn-workspace'])
      if (proven.boundTo !== null && proven.boundTo !== workspace.id)
        throw new WaybillError('forbidden', 'This API key was made for another workspace')
      const member = await findMember(store, workspace, proven.account)
      await proven.noteUse()
      await noteContact(store, workspace.id, member, now)
      const caller: Caller = {
        user: member.id,
        account: proven.account.id,
        email: member.code,
        role: member.role,
        credential: proven.credential,
      }
      const device = String(headers['x-accsyn-device'] ?? '')
      return { caller, workspace, session: sessionId(proven.hash, workspace.id), device, address }
    },
  }
}

function wrong(credentials: Credentials): string {
  return 'token' in credentials
    ? 'The session is over; log in again'
    : 'The email or the API key is wrong, or the key has ended'
}

async function proveKey(
  store: Store,
  { email, key: secret }: { readonly email: string; readonly key: string },
  address: string,
  now: number,
  log: (line: string) => void,
): Promise<Proven | undefined> {
  const verified = await verifyKey(store, email, secret, now)
  if (verified === undefined) return undefined
  const { account, key } = verified
  const addresses = addressesOf(key)
  if (!isAllowedFrom(addresses, address)) {
    log(`The API key ${key.id} of ${email} was used from ${address}, where it may not be`)
    return undefined
  }
  const restricted = addresses.length > 0 || key.expires !== null || key.bound_to !== null
  return {
    account,
    credential: { kind: 'key', id: key.id, restricted },
    hash: hashToken(secret),
    boundTo: key.bound_to,
    noteUse: async () => await noteKeyUse(store, key, now),
  }
}

async function proveSession(store: Store, token: string, now: number): Promise<Proven | undefined> {
  const found = await findSession(store, token, now)
  if (found === undefined) return undefined
  const { account, session } = found
  return {
    account,
    credential: { kind: 'session', id: session.id, restricted: false },
    hash: hashToken(token),
    boundTo: null,
    noteUse: async () => await noteSessionUse(store, session, now),
  }
}

async function noteContact(store: Store, workspace: string, { id, logged_in }: Member, now: number) {
  if (logged_in !== null && now - logged_in < CONTACT_NOTED_EVERY_MS) return
  const { db } = store.workspace(workspace)
  await db.updateTable('user').set({ logged_in: now }).where('id', '=', id).execute()
}
