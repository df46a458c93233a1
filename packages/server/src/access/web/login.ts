import { WaybillError } from '@waybill/api'
import type { Store } from '../../store/store.js'
import { inTransaction } from '../../store/transactions.js'
import { type Account, findAccount } from '../accounts.js'
import { tryEmail } from '../emails.js'
import {
  auditAccount,
  findMember,
  findWorkspace,
  type Membership,
  membershipsOf,
  sessionId,
} from '../memberships.js'
import { Attempts } from '../secrets/attempts.js'
import { hashPassword, verifyPassword } from '../secrets/passwords.js'
import { hashToken } from '../secrets/tokens.js'
import { openSession, type Place } from './sessions.js'

/** Few for one email, since people mistype; more for an address, behind which a whole office may be. */
const limits = { each: 10, address: 100 }

/** What a login with a password answers with. */
export interface LoggedIn {
  /** For `Authorization: Bearer`; shown this once. */
  readonly token: string
  /** Milliseconds since 1970; moves on with use. */
  readonly expires: number
  readonly email: string
  /** The workspace that was asked for, or the only one; null when there is a choice. */
  readonly chosen: (Membership & { readonly session: string }) | null
  readonly workspaces: readonly Membership[]
}

export interface LoginRequest {
  readonly email: string
  readonly password: string
  /** Its code. */
  readonly workspace?: string | undefined
}

/** Logs people in by their passwords; one for the whole process, since it remembers who guesses. */
export class WebLogin {
  readonly #failed = new Attempts(limits)

  constructor(private readonly store: Store) {}

  /**
   * Opens a session. Rejects with `unauthenticated`, in the same words and after the same work, for an unknown
   * email, an account without a password and a wrong one; with `rate_limited` after too many of those from one
   * address; and, for the right password, with `forbidden` and `not_member` as the authenticator does.
   */
  async login({ email, password, workspace }: LoginRequest, place: Place): Promise<LoggedIn> {
    const known = tryEmail(email)
    const account = known === undefined ? undefined : await findAccount(this.store.installation, known)
    await this.prove(account, known ?? '', password, place)
    // Never reached without an account: nobody's password is wrong.
    if (account === undefined) throw wrongPassword()
    return await this.open(account, workspace, place)
  }

  /** Checks a password, and counts it when it is wrong. */
  async prove(account: Account | undefined, email: string, password: string, place: Place): Promise<void> {
    const { address, now } = place
    if (this.#failed.tooMany(address, email, now)) {
      throw new WaybillError('rate_limited', 'Too many wrong passwords; wait some minutes')
    }
    const { correct, outgrown } = await verifyPassword(account?.password, password)
    if (!correct || account === undefined) {
      this.#failed.add(address, email, now)
      throw wrongPassword()
    }
    if (outgrown) await this.#renew(account, password)
  }

  /** Opens a session for an account that was proven. */
  async open(account: Account, code: string | undefined, place: Place): Promise<LoggedIn> {
    const workspaces = await membershipsOf(this.store.installation, account.id)
    const chosen = await this.#choose(account, code, workspaces)
    const opened = await inTransaction(this.store.installation, async (db) => {
      const session = await openSession(db, account.id, place)
      await auditAccount(db, account, place, { change: 'logged in', details: { session: session.id } })
      return session
    })
    const { token, expires } = opened
    const session = chosen === undefined ? '' : sessionId(hashToken(token), chosen.workspace.id)
    return {
      token,
      expires,
      email: account.email,
      chosen: chosen === undefined ? null : { ...chosen, session },
      workspaces,
    }
  }

  async #choose(
    account: Account,
    code: string | undefined,
    workspaces: readonly Membership[],
  ): Promise<Membership | undefined> {
    if (code === undefined || code.trim() === '') {
      if (workspaces.length > 0) return workspaces.length === 1 ? workspaces[0] : undefined
      throw new WaybillError('not_member', `${account.email} is no user of any workspace here`)
    }
    const workspace = await findWorkspace(this.store, code)
    const member = await findMember(this.store, workspace, account)
    const found = workspaces.find((one) => one.user === member.id)
    if (found === undefined) throw new WaybillError('conflict', 'The membership has just changed; try again')
    return found
  }

  /** At today's cost, unless the password was changed meanwhile. */
  async #renew({ id, password: stored }: Account, password: string): Promise<void> {
    const hash = await hashPassword(password)
    await this.store.installation
      .updateTable('account')
      .set({ password: hash })
      .where('id', '=', id)
      .where('password', '=', stored)
      .execute()
  }
}

function wrongPassword(): WaybillError {
  return new WaybillError('unauthenticated', 'The email or the password is wrong')
}
