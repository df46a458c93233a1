import type { Generated } from 'kysely'
import type { Json, Moment } from './columns.js'

/** Settings of a workspace (`entity` is the workspace's id), queue, job, share or task. */
export interface SettingTable {
  id: string
  workspace: string
  entitytype: string
  entity: string
  name: string
  value: string
}

/** Who changed what; written in the transaction of the change, and never changed. */
export interface AuditTable {
  id: string
  workspace: string
  created: Moment
  /** Id and email of who did it, and what it was then; the user may be gone by now. */
  user: string
  email: string
  role: string
  /** What the client said of itself, and where it called from. */
  device: string
  address: string
  entitytype: string
  entity: string
  /** `created`, `changed`, `deleted`, or another word for what was done. */
  change: string
  /** What was asked for; never a secret. */
  details: Json | null
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
