import { createHmac } from 'node:crypto'
import { type Role, WaybillError } from '@waybill/api'
import { type ChangeNote, writeAudit } from '../audit/note-change.js'
import type { Caller } from '../context.js'
import type { Store, Tx } from '../store/store.js'
import type { Account } from './accounts.js'
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

/**
 * The same for what somebody did who works on the database itself: whoever runs the installation, and not, as far
 * as anybody can tell, the account's owner.
 */
export async function auditOperator(
  db: Tx,
  account: string,
  note: Pick<ChangeNote, 'details'> & { readonly change: string },
): Promise<void> {
  const place = { device: 'waybill on the database', address: '', now: Date.now() }
  const caller = { user: '', role: 'admin', account: '', email: '' } as const
  for (const { user, workspace } of await membershipsOf(db, account)) {
    await writeAudit(db, { ...place, workspace, caller }, { entitytype: 'user', id: user, ...note })
  }
}

/** A workspace as callers name it. */
export interface WorkspaceName {
  readonly id: string
  readonly code: string
}

/** The workspace that a header names. `forbidden` when there is none, and when it is disabled. */
export async function findWorkspace(
  store: Store,
  header: string | readonly string[] | undefined,
): Promise<WorkspaceName> {
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

export interface Member {
  readonly id: string
  readonly code: string
  readonly role: Role
  readonly logged_in: number | null
}

/** The account's membership. `not_member` when there is none, `forbidden` when it is disabled. */
export async function findMember(
  store: Store,
  workspace: WorkspaceName,
  account: Pick<Account, 'id' | 'email'>,
): Promise<Member> {
  const user = await store
    .workspace(workspace.id)
    .db.selectFrom('user')
    .select(['id', 'code', 'role', 'status', 'inactive', 'logged_in'])
    .where('account', '=', account.id)
    .executeTakeFirst()
  if (user === undefined || user.inactive === 1) {
    throw new WaybillError('not_member', `${account.email} is no user of the workspace "${workspace.code}"`)
  }
  if (user.status === 'disabled') throw new WaybillError('forbidden', `The user ${user.code} is disabled`)
  return user
}

/** Made from the secret's hash, so that there is nothing to keep, and nothing that says what the secret is. */
export function sessionId(hash: string, workspace: string): string {
  return createHmac('sha256', hash).update(`session ${workspace}`).digest('hex')
}
