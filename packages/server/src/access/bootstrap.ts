import { newId } from '@waybill/api'
import type { Insertable } from 'kysely'
import { blankJob } from '../jobs/lifecycle/blank-job.js'
import type { JobTable, ShareTable, SiteTable } from '../store/schema.js'
import type { Store, Tx } from '../store/store.js'
import { inTransaction } from '../store/transactions.js'
import { ensureAccount } from './accounts.js'
import { parseEmail } from './emails.js'
import { createKeyIn, hasKey } from './keys.js'

export interface BootstrapOptions {
  /** Code of the workspace. */
  readonly workspace?: string
  /** Email of the first admin. */
  readonly admin: string
  /** Where the default volume lies on the machine that will serve it, absolute. */
  readonly volumePath: string
  /** True makes a key only where the admin's account has none that can be used. */
  readonly keepKeys?: boolean
  readonly now?: number
}

export interface Bootstrapped {
  /** The workspace's id. */
  readonly workspace: string
  /** False when it was there already: then nothing was changed. */
  readonly created: boolean
  /** The admin's key, the only time that it can be seen; absent where none was made. */
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
    if (options.keepKeys === true && (await hasKey(db, account.id, now))) return { workspace, created: true }
    const { key } = await createKeyIn(db, admin, { name: 'first start', now })
    return { workspace, created: true, apiKey: key }
  })
}

/** Columns that all of a new workspace's rows have in common. */
interface Made {
  readonly workspace: string
  readonly description: string
  readonly metadata: null
  readonly created: number
  readonly creator: string
  readonly modified: number
  readonly modifier: string
}

/** The queues of a new workspace, the most urgent first. */
const QUEUES = [
  { code: 'high', name: 'High', priority: 999 },
  { code: 'medium', name: 'Medium', priority: 500 },
  { code: 'low', name: 'Low', priority: 1 },
]
const DEFAULT_QUEUE = 'medium'

async function addStartingRows(db: Tx, made: Made, volumePath: string): Promise<void> {
  await db
    .insertInto('site')
    .values([
      site(made, { code: 'hq', name: 'Main site', main: 1 }),
      site(made, { code: 'roaming', name: "Users' own machines", main: 0 }),
    ])
    .execute()
  await db
    .insertInto('job')
    .values(QUEUES.map((queue, position) => queueRow(made, { ...queue, position })))
    .execute()
  await db.insertInto('share').values(defaultVolume(made, volumePath)).execute()
}

function site(made: Made, own: Pick<Insertable<SiteTable>, 'code' | 'name' | 'main'>): Insertable<SiteTable> {
  return { ...made, id: newId(), status: 'enabled', ...own }
}

function defaultVolume(made: Made, path: string): Insertable<ShareTable> {
  return {
    ...made,
    id: newId(),
    code: 'storage',
    name: 'Storage',
    kind: 'volume',
    parent: null,
    is_default: 1,
    path,
    paths: null,
    user: null,
    queue: null,
    email: '',
    status: 'enabled',
    inactive: 0,
  }
}

function queueRow(
  made: Made,
  own: Pick<Insertable<JobTable>, 'code' | 'name' | 'priority' | 'position'>,
): Insertable<JobTable> {
  const isDefault = own.code === DEFAULT_QUEUE ? 1 : 0
  return {
    ...blankJob,
    ...made,
    id: newId(),
    kind: 'queue',
    status: 'waiting',
    is_default: isDefault,
    compute_default: isDefault,
    measured: 1,
    ...own,
  }
}
