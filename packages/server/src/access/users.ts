import { newId, type Role, WaybillError } from '@waybill/api'
import type { UserTable } from '../store/schema.js'
import type { Tx } from '../store/store.js'
import { beyondWorkspace } from '../store/workspace-store.js'
import { ensureAccount } from './accounts.js'
import { WHOLE } from './grants.js'

export interface NewUser {
  readonly email: string
  readonly role: Role
  readonly name?: string
  readonly description?: string
  readonly status?: UserTable['status']
  /** JSON text. */
  readonly metadata?: string | null
  /** Id of the queue that the user's jobs go to. */
  readonly queue?: string | null
  /** An ACL on every volume there is now. */
  readonly giveAllVolumesAccess?: boolean
  readonly giveDefaultVolumeAccess?: boolean
  /** Ids or codes of volumes. */
  readonly volumes?: readonly string[]
}

/** Who did it, and when (milliseconds since 1970). */
export interface Author {
  readonly email: string
  readonly now: number
}

/**
 * Makes the owner of an email a user of the workspace, and answers with the user's id. The account is made
 * when it is new; one that is known, from here or from before, is used again with its keys. Checks no rights.
 * `bad_request` for what is no email and for volumes given to others than employees, `duplicate` for a user
 * that exists, `conflict` for one that was set aside, `not_found` for an unknown volume.
 */
export async function addUser(tx: Tx, workspace: string, user: NewUser, by: Author): Promise<string> {
  const account = await ensureAccount(beyondWorkspace(tx), user.email, {
    name: user.name ?? '',
    now: by.now,
  })
  await refuseMember(tx, account)
  const id = newId()
  await tx
    .insertInto('user')
    .values({
      id,
      workspace,
      code: account.email,
      name: user.name ?? account.name,
      description: user.description ?? '',
      metadata: user.metadata ?? null,
      account: account.id,
      role: user.role,
      status: user.status ?? 'enabled',
      inactive: 0,
      queue: user.queue ?? null,
      logged_in: null,
      ...made(by),
    })
    .execute()
  await grantVolumes(tx, workspace, id, user, by)
  return id
}

function made(by: Author) {
  return { created: by.now, creator: by.email, modified: by.now, modifier: by.email }
}

async function refuseMember(tx: Tx, account: { readonly id: string; readonly email: string }): Promise<void> {
  const member = await tx
    .selectFrom('user')
    .select('inactive')
    .where('account', '=', account.id)
    .executeTakeFirst()
  if (member === undefined) return
  if (member.inactive === 1) {
    throw new WaybillError('conflict', `${account.email} was deactivated; activate the user instead`)
  }
  throw new WaybillError('duplicate', `${account.email} is a user of this workspace already`)
}

async function grantVolumes(
  tx: Tx,
  workspace: string,
  user: string,
  wanted: NewUser,
  by: Author,
): Promise<void> {
  const volumes = await wantedVolumes(tx, wanted)
  // Admins may do everything without.
  if (volumes.length === 0 || wanted.role === 'admin') return
  if (wanted.role !== 'employee') {
    throw new WaybillError('bad_request', 'Only employees are given volumes; share a folder instead')
  }
  await tx
    .insertInto('acl')
    .values(
      volumes.map((share) => ({
        id: newId(),
        workspace,
        user,
        share,
        paths: JSON.stringify([WHOLE]),
        notify: 0 as const,
        message: '',
        description: '',
        inactive: 0 as const,
        acknowledged: null,
        ...made(by),
      })),
    )
    .execute()
}

/** Ids, each once. */
async function wantedVolumes(tx: Tx, wanted: NewUser): Promise<readonly string[]> {
  const named = wanted.volumes ?? []
  if (named.length === 0 && wanted.giveAllVolumesAccess !== true && wanted.giveDefaultVolumeAccess !== true) {
    return []
  }
  const all = await tx
    .selectFrom('share')
    .select(['id', 'code', 'is_default'])
    .where('kind', '=', 'volume')
    .where('inactive', '=', 0)
    .execute()
  const ids = named.map((name) => {
    const found = all.find(({ id, code }) => id === name || code === name)
    if (found === undefined) throw new WaybillError('not_found', `There is no volume "${name}"`)
    return found.id
  })
  const more = all.filter(
    ({ is_default }) =>
      wanted.giveAllVolumesAccess === true || (wanted.giveDefaultVolumeAccess === true && is_default === 1),
  )
  return [...new Set([...ids, ...more.map(({ id }) => id)])]
}
