import { WaybillError } from '@waybill/api'
import { codeFor } from '../entities/engine/code.js'
import type { Store } from '../store/store.js'
import { bootstrap } from './bootstrap.js'

export interface NewWorkspace {
  readonly code: string
  /** Email of its first admin; an account that is here already is used, with its keys. */
  readonly admin: string
  /** Where its default volume lies on the machine that will serve it, absolute; given later when absent. */
  readonly storage?: string
}

/**
 * Makes one more workspace in an installation, with nothing in common with the others but accounts. Answers with
 * the admin's new key where the account had none. `duplicate` when there is one with this code, `bad_request` for
 * a code that cannot be one. Works while the server runs.
 */
export async function addWorkspace(
  store: Store,
  { code: wanted, admin, storage = '' }: NewWorkspace,
): Promise<{ readonly id: string; readonly code: string; readonly apiKey: string | undefined }> {
  const code = codeFor('workspace', wanted, undefined)
  const made = await bootstrap(store, { workspace: code, admin, volumePath: storage, keepKeys: true })
  if (!made.created) throw new WaybillError('duplicate', `There is a workspace "${code}" already`)
  return { id: made.workspace, code, apiKey: made.apiKey }
}

export interface WorkspaceInfo {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly status: string
  /** Milliseconds since 1970. */
  readonly created: number
  /** Users that are not set aside. */
  readonly users: number
  /** Emails of the enabled admins. */
  readonly admins: readonly string[]
}

/** All workspaces of an installation, the oldest first. */
export async function listWorkspaces({ installation }: Store): Promise<readonly WorkspaceInfo[]> {
  const workspaces = await installation
    .selectFrom('workspace')
    .select(['id', 'code', 'name', 'status', 'created'])
    .orderBy('id')
    .execute()
  const counts = await installation
    .selectFrom('user')
    .select((eb) => ['workspace', eb.fn.countAll().as('users')])
    .where('inactive', '=', 0)
    .groupBy('workspace')
    .execute()
  const admins = await installation
    .selectFrom('user')
    .select(['workspace', 'code'])
    .where('role', '=', 'admin')
    .where('status', '=', 'enabled')
    .where('inactive', '=', 0)
    .orderBy('code')
    .execute()
  return workspaces.map((workspace) => ({
    ...workspace,
    users: Number(counts.find((count) => count.workspace === workspace.id)?.users ?? 0),
    admins: admins.filter((user) => user.workspace === workspace.id).map(({ code }) => code),
  }))
}
