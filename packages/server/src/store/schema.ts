import type { Generated } from 'kysely'

/**
 * The one description of the tables. Moments are milliseconds since 1970 (UTC), flags 0 or 1, JSON is text:
 * the same on SQLite and PostgreSQL. Every table but those of `installation` has a `workspace` column, and
 * every query of a workspace's store is narrowed to it (narrowing/).
 */

export type Flag = 0 | 1
type Moment = number
type Json = string

/** Accounts are people of this installation; workspaces are what they are members of. */
export interface AccountTable {
  id: string
  /** Lower case. */
  email: string
  name: string
  created: Moment
}

export interface ApiKeyTable {
  id: string
  account: string
  name: string
  /** SHA-256 of the key, hex; the key itself is shown once. */
  hash: string
  created: Moment
  expires: Moment | null
  revoked: Moment | null
  last_used: Moment | null
}

export interface WorkspaceTable {
  id: string
  code: string
  name: string
  description: string
  status: 'enabled' | 'disabled'
  metadata: Json | null
  created: Moment
  creator: string
  modified: Moment
  modifier: string
}

/** Columns that most entities have. `creator` and `modifier` are emails. */
interface EntityColumns {
  id: string
  workspace: string
  code: string
  name: string
  description: string
  metadata: Json | null
  created: Moment
  creator: string
  modified: Moment
  modifier: string
}

export interface UserTable extends EntityColumns {
  account: string
  role: 'admin' | 'employee' | 'standard'
  status: 'enabled' | 'disabled'
  inactive: Flag
  queue: string | null
  logged_in: Moment | null
}

export interface SiteTable extends EntityColumns {
  main: Flag
  status: 'enabled' | 'disabled'
}

export interface ClientTable extends EntityColumns {
  /** As clients know it: 0 app, 1 server, 2 user server, 3 browser, 4 compute lane. */
  type: number
  user: string
  site: string
  os: string
  username: string
  version: string
  wan_ip: string
  /** Addresses that other agents may try, likeliest first. */
  addresses: Json
  roles: string
  /** Identity of the agent's installation, a UUID. */
  machine: string
  online: Flag
  disabled: Flag
  last_checkin: Moment | null
  metrics: Json | null
}

/** Volumes, folders, homes and collections. */
export interface ShareTable extends EntityColumns {
  kind: 'volume' | 'folder' | 'home' | 'collection'
  parent: string | null
  is_default: Flag
  /** Relative to the volume for what lies on one; for a volume, as its main server resolves it. */
  path: string
  /** Paths per operating system, of a volume. */
  paths: Json | null
  user: string | null
  queue: string | null
  email: string
  status: 'enabled' | 'disabled'
  inactive: Flag
}

/** Which server serves a volume, at which site; one row per volume and site. */
export interface ShareServerTable {
  id: string
  workspace: string
  share: string
  client: string
  site: string
  /** The volume's root on that machine, absolute. */
  path: string
  created: Moment
}

export interface AclTable {
  id: string
  workspace: string
  user: string
  share: string
  /** JSON list of {path, read, write}; the first is shown as the ACL's own. */
  paths: Json
  notify: Flag
  message: string
  description: string
  inactive: Flag
  acknowledged: Moment | null
  created: Moment
  creator: string
  modified: Moment
  modifier: string
}

export type PartyType = 'workspace' | 'site' | 'user'

/** Jobs of every kind; queues are jobs that hold others. */
export interface JobTable extends EntityColumns {
  kind: 'queue' | 'transfer' | 'delivery' | 'request'
  /** The queue that it is in; null for a queue at the top. */
  parent: string | null
  /** The delivery or request that a transfer belongs to. */
  delivery: string | null
  /** Id of the user that created it; null for queues. */
  user: string | null
  /** Id of the user that last changed it. */
  modifier_user: string | null
  status: 'init' | 'waiting' | 'running' | 'paused' | 'failed' | 'aborted' | 'done'
  /** Why it waits or failed: code, words and what stands in the way. */
  reason: string | null
  reason_hr: string
  reason_entity: string | null
  population: 'live' | 'finished' | 'archived'
  /** Order within its queue; lower goes first. */
  position: number
  /** Of queues: 0-1000. */
  priority: number
  is_default: Flag
  compute_default: Flag
  source_type: PartyType | null
  source_id: string | null
  source_client: string | null
  destination_type: PartyType | null
  destination_id: string | null
  destination_client: string | null
  /** Whether the tasks' destinations mirror their sources' paths. */
  mirrored: Flag
  hooks: Json | null
  /** JSON list of the ids of the shares that its tasks lie on. */
  shares: Json
  size: number
  transferred: number
  /** Bytes a second; -1 when not running. */
  speed: number
  /** Seconds left; null when not running or not known. */
  etr: number | null
  started: Moment | null
  finished: Moment | null
  measured: Flag
  /** Somebody paused it; it then goes on only when somebody says so. */
  paused_by_hand: Flag
  retries: number
  /** Not before this moment: next retry, or the half second after a revival. */
  not_before: Moment | null
  /** Number of the latest run: the lease that agents obey. */
  run: number
  tasks_total: number
  tasks_pending: number
  tasks_queued: number
  tasks_booting: number
  tasks_executing: number
  tasks_failed: number
  tasks_onhold: number
  tasks_excluded: number
  tasks_done: number
}

export interface TaskTable {
  /** A UUID. */
  id: string
  workspace: string
  job: string
  /** Order of creation within the job, from 0. */
  seq: number
  uri: string
  status: 'pending' | 'queued' | 'booting' | 'executing' | 'failed' | 'onhold' | 'excluded' | 'done'
  reason: string | null
  reason_hr: string
  priority: number
  /** TaskParty of the source and the destination, as jobs/task-party.ts reads them. */
  source: Json
  destination: Json
  /** Equal for tasks with the same source and destination; unique within the job. */
  fingerprint: string
  measured: Flag
  size: number
  transferred: number
  files: number
  time: number
  tries: number
  /** The run of the job that it was last handed out in. */
  run: number
  created: Moment
  finished: Moment | null
  modified: Moment
  metadata: Json | null
}

/** Settings of a workspace (`entity` is the workspace's id), queue, job, share or task. */
export interface SettingTable {
  id: string
  workspace: string
  entitytype: string
  entity: string
  name: string
  value: string
}

export interface LogTable {
  id: string
  workspace: string
  job: string
  task: string | null
  level: 'info' | 'warning' | 'error'
  code: string | null
  message: string
  created: Moment
}

/** Outbox of changes: written in the transaction of the change, `seq` is the cursor of live queries. */
export interface EventTable {
  seq: Generated<number>
  workspace: string
  entitytype: string
  entity: string
  change: 'created' | 'changed' | 'deleted'
  created: Moment
}

/** Answers already given, by event id: a repeated event does not act twice. */
export interface SeenEventTable {
  workspace: string
  ident: string
  eid: string
  created: Moment
  /** JSON of the answer; null while the first is still at it. */
  answer: Json | null
}

/** Who runs what between a pair of endpoints; expires unless renewed. */
export interface LeaseTable {
  workspace: string
  job: string
  run: number
  /** The two client ids in order, joined by a space. */
  pair: string
  /** Which of the pair's slots (`transfer_concurrent`) it takes, from 0; unique per pair. */
  slot: number
  session: string
  source_client: string
  destination_client: string
  /** The control-plane process that drives it. */
  owner: string
  expires: Moment
  created: Moment
}

export interface Schema {
  account: AccountTable
  api_key: ApiKeyTable
  workspace: WorkspaceTable
  user: UserTable
  site: SiteTable
  client: ClientTable
  share: ShareTable
  share_server: ShareServerTable
  acl: AclTable
  job: JobTable
  task: TaskTable
  setting: SettingTable
  log: LogTable
  event: EventTable
  seen_event: SeenEventTable
  lease: LeaseTable
}
