import { type ChangeNote, writeAudit } from '../audit/note-change.js'
import type { Caller } from '../context.js'
import type { Tx } from '../store/store.js'
import type { Place } from './web/sessions.js'

/** A membership that counts: of an enabled workspace, neither disabled nor set aside. */
export interface Membership {
  readonly user: string
  readonly role: Caller['role']
  readonly workspace: { readonly id: string; readonly code: string; readonly name: string }
}

/** Where an account can log in, by the workspaces' codes. `db` is narrowed to no workspace. */
export async function membershipsOf(db: Tx, account: string): Promise<readonly Membership[]> {
  const rows = await db
    .selectFrom('user')
    .innerJoin('workspace', 'workspace.id', 'user.workspace')
    .select(['user.id as user', 'user.role', 'workspace.id', 'workspace.code', 'workspace.name'])
    .where('user.account', '=', account)
    .where('user.status', '=', 'enabled')
    .where('user.inactive', '=', 0)
    .where('workspace.status', '=', 'enabled')
    .orderBy('workspace.code')
    .execute()
  return rows.map(({ user, role, id, code, name }) => ({ user, role, workspace: { id, code, name } }))
}

/**
 * Notes what somebody did with the account itself (a password, a session, a key that works everywhere) in the
 * audit log of every workspace that the account can log in to: each of them is concerned.
 */
export async function auditAccount(
  db: Tx,
  account: { readonly id: string; readonly email: string },
  place: Place,
  note: Pick<ChangeNote, 'details'> & { readonly change: string },
): Promise<void> {
  for (const { user, role, workspace } of await membershipsOf(db, account.id)) {
    const caller = { user, role, account: account.id, email: account.email }
    await writeAudit(db, { ...place, workspace, caller }, { entitytype: 'user', id: user, ...note })
  }
}
