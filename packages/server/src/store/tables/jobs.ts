import type { EntityColumns, Flag, Json, Moment } from './columns.js'

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
  /** It only looks at what would happen. */
  dry_run: Flag
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

/** A piece of what a job brought to its destination. */
export interface ManifestTable {
  workspace: string
  job: string
  run: number
  /** Grows within the run. */
  seq: number
  /** Lines of api/manifest, zipped, in base64. */
  lines: string
}

/** People who were told of a job, and may see it. */
export interface RecipientTable {
  id: string
  workspace: string
  job: string
  user: string
  actioned: Moment | null
  created: Moment
  creator: string
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
