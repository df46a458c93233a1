import { WaybillError } from '@waybill/api'
import type { Store, Tx } from '../../store/store.js'
import { inTransaction } from '../../store/transactions.js'
import type { Account } from '../accounts.js'
import { hasAnyKey } from '../keys.js'
import { auditAccount } from '../memberships.js'
import { Attempts } from '../secrets/attempts.js'
import { checkPassword, hashPassword } from '../secrets/passwords.js'
import { hashToken } from '../secrets/tokens.js'
import type { LoggedIn, WebLogin } from './login.js'
import type { Place } from './sessions.js'
import { setPasswordIn } from './set-password.js'

/** Tokens are not guessed; who tries many is told to go away before the database is asked. */
const limits = { each: 20, address: 20 }

/** What an invitation is for, as whoever has its token may know. */
export interface InvitationInfo {
  readonly email: string
  readonly workspace: string
  /** Whether accepting sets the account's first password; else its owner logs in as before. */
  readonly opens: boolean
}

export interface Accepted extends InvitationInfo {
  /** Null where the token does not open the account: log in with the key or password that it has. */
  readonly login: LoggedIn | null
}

interface Invited {
  readonly id: string
  readonly user: string
  readonly account: Account
  readonly workspace: { readonly id: string; readonly code: string }
  /** The token was seen by whoever invited. */
  readonly shown: boolean
}

/** Accepts invitations by their one-time tokens; one for the whole process. */
export class Invitations {
  readonly #failed = new Attempts(limits)

  constructor(
    private readonly store: Store,
    private readonly web: WebLogin,
  ) {}

  /** What a token is good for; `not_found` when it is for nothing. */
  async look(token: string, place: Place): Promise<InvitationInfo> {
    const invited = await this.#find(token, place)
    const opens = await opensAccount(this.store.installation, invited)
    return { email: invited.account.email, workspace: invited.workspace.code, opens }
  }

  /**
   * Accepts. Where nobody has opened the account yet, that takes a password for it, and opens a session. Where it
   * has a password, that one opens a session, too; without it the invitation is accepted and that is all.
   */
  async accept(token: string, password: string | undefined, place: Place): Promise<Accepted> {
    const invited = await this.#find(token, place)
    const { account, workspace } = invited
    const opens = await opensAccount(this.store.installation, invited)
    const info = { email: account.email, workspace: workspace.code, opens }
    if (opens) {
      if (password === undefined) throw new WaybillError('bad_request', 'Choose a password')
      checkPassword(password, account.email)
      const hash = await hashPassword(password)
      await inTransaction(this.store.installation, async (db) => {
        // Another invitation may have opened it meanwhile.
        if (!(await opensAccount(db, invited))) throw over()
        await useUp(db, invited, place)
        await setPasswordIn(db, account, hash, place)
      })
      return { ...info, login: await this.web.open(account, workspace.code, place) }
    }
    const hasPassword = account.password !== null && password !== undefined
    if (hasPassword) await this.web.prove(account, account.email, password, place)
    await inTransaction(this.store.installation, async (db) => await useUp(db, invited, place))
    return { ...info, login: hasPassword ? await this.web.open(account, workspace.code, place) : null }
  }

  async #find(token: string, { address, now }: Place): Promise<Invited> {
    if (this.#failed.tooMany(address, '', now)) {
      throw new WaybillError('rate_limited', 'Too many invitations that are not good; wait some minutes')
    }
    const found = await findInvitation(this.store.installation, token, now)
    if (found !== undefined) return found
    this.#failed.add(address, '', now)
    throw over()
  }
}

function over(): WaybillError {
  return new WaybillError(
    'not_found',
    'This invitation was used already, is over, or never was; ask for another',
  )
}

async function findInvitation(db: Tx, token: string, now: number): Promise<Invited | undefined> {
  const row = await db
    .selectFrom('invitation')
    .innerJoin('user', 'user.id', 'invitation.user')
    .innerJoin('account', 'account.id', 'user.account')
    .innerJoin('workspace', 'workspace.id', 'invitation.workspace')
    .selectAll('account')
    .select(['invitation.id as invitation', 'invitation.shown', 'user.id as user'])
    .select(['workspace.id as workspace', 'workspace.code'])
    .where('invitation.hash', '=', hashToken(token))
    .where('invitation.accepted', 'is', null)
    .where('invitation.expires', '>', now)
    .where('user.inactive', '=', 0)
    .where('user.status', '=', 'enabled')
    .where('workspace.status', '=', 'enabled')
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { invitation, shown, user, workspace, code, ...account } = row
  return { id: invitation, user, account, workspace: { id: workspace, code }, shown: shown === 1 }
}

/**
 * Whether a token may set the account's first password. One that came by mail proves whose mailbox it is. One that
 * the inviter saw proves nothing, so it opens only what the inviter made: an account that nobody has a key of, and
 * that is a user of no other workspace.
 */
async function opensAccount(db: Tx, { account, workspace, shown }: Invited): Promise<boolean> {
  const { password } = await db
    .selectFrom('account')
    .select('password')
    .where('id', '=', account.id)
    .executeTakeFirstOrThrow()
  if (password !== null) return false
  if (!shown) return true
  if (await hasAnyKey(db, account.id)) return false
  const elsewhere = await db
    .selectFrom('user')
    .select('id')
    .where('account', '=', account.id)
    .where('workspace', '!=', workspace.id)
    .limit(1)
    .executeTakeFirst()
  return elsewhere === undefined
}

/** Marks all invitations of this user as accepted: whoever has an older link needs it no more. */
async function useUp(db: Tx, { id, user, account }: Invited, place: Place): Promise<void> {
  const used = await db
    .updateTable('invitation')
    .set({ accepted: place.now })
    .where('user', '=', user)
    .where('accepted', 'is', null)
    .returning('id')
    .execute()
  if (!used.some((one) => one.id === id)) throw over()
  await auditAccount(db, account, place, { change: 'invitation accepted' })
}
