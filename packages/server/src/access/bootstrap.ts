import { newId } from '@waybill/api'
import type { Store } from '../store/store.js'
import { inTransaction } from '../store/transactions.js'
import { ensureAccount } from './accounts.js'
import { parseEmail } from './emails.js'
import { createKeyIn } from './keys.js'
import { addStartingRows } from './starting-rows.js'

export interface BootstrapOptions {
  /** Code of the workspace. */
  readonly workspace?: string
  /** Email of the first admin. */
  readonly admin: string
  /** Where the default volume lies on the machine that will serve it, absolute. */
  readonly volumePath: string
  readonly now?: number
}

export interface Bootstrapped {
  /** The workspace's id. */
  readonly workspace: string
  /** False when it was there already: then nothing was changed. */
  readonly created: boolean
  /** The admin's key, the only time that it can be seen. */
  readonly apiKey?: string
}

/**
 * What a new installation starts with: a workspace with its main site `hq`, the built-in site `roaming`, three
 * queues, the default volume `storage`, and an admin with an API key. Does nothing when the workspace is there,
 * so it may run at every start, on several nodes at once.
 */
export async function bootstrap(store: Store, options: BootstrapOptions): Promise<Bootstrapped> {
  const { workspace: code = 'studio', now = Date.now() } = options
  const admin = parseEmail(options.admin)
  return inTransaction(store.installation, async (db) => {
    const found = await db.selectFrom('workspace').select('id').where('code', '=', code).executeTakeFirst()
    if (found !== undefined) return { workspace: found.id, created: false }
    const workspace = newId()
    const made = { created: now, creator: admin, modified: now, modifier: admin }
    const base = { ...made, description: '', metadata: null }
    await db
      .insertInto('workspace')
      .values({ id: workspace, code, name: code, status: 'enabled', ...base })
      .execute()
    await addStartingRows(db, { ...base, workspace }, options.volumePath)
    const account = await ensureAccount(db, admin, { now })
    await db
      .insertInto('user')
      .values({
        ...base,
        id: newId(),
        workspace,
        code: admin,
        name: account.name,
        account: account.id,
        role: 'admin',
        status: 'enabled',
        inactive: 0,
        queue: null,
        logged_in: null,
      })
      .execute()
    const { key } = await createKeyIn(db, admin, { name: 'first start', now })
    return { workspace, created: true, apiKey: key }
  })
}
