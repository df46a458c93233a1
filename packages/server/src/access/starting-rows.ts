import { newId } from '@waybill/api'
import type { Insertable } from 'kysely'
import type { JobTable, ShareTable, SiteTable } from '../store/schema.js'
import type { Tx } from '../store/store.js'

/** Columns that all of a new workspace's rows have in common. */
export interface Made {
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

export async function addStartingRows(db: Tx, made: Made, volumePath: string): Promise<void> {
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
    ...made,
    id: newId(),
    kind: 'queue',
    status: 'waiting',
    population: 'live',
    parent: null,
    delivery: null,
    user: null,
    modifier_user: null,
    reason: null,
    reason_hr: '',
    reason_entity: null,
    is_default: isDefault,
    compute_default: isDefault,
    source_type: null,
    source_id: null,
    source_client: null,
    destination_type: null,
    destination_id: null,
    destination_client: null,
    mirrored: 0,
    hooks: null,
    shares: '[]',
    paused_by_hand: 0,
    started: null,
    finished: null,
    not_before: null,
    etr: null,
    speed: -1,
    measured: 1,
    ...NOTHING_DONE,
    ...own,
  }
}

const NOTHING_DONE = {
  size: 0,
  transferred: 0,
  retries: 0,
  run: 0,
  tasks_total: 0,
  tasks_pending: 0,
  tasks_queued: 0,
  tasks_booting: 0,
  tasks_executing: 0,
  tasks_failed: 0,
  tasks_onhold: 0,
  tasks_excluded: 0,
  tasks_done: 0,
}
