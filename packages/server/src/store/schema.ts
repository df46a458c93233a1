import type {
  JobTable,
  LeaseTable,
  LogTable,
  ManifestTable,
  RecipientTable,
  TaskTable,
} from './tables/jobs.js'
import type { AuditTable, EventTable, SeenEventTable, SettingTable } from './tables/journal.js'
import type {
  AccountTable,
  AclTable,
  ApiKeyTable,
  InvitationTable,
  MailTable,
  UserTable,
  WebSessionTable,
  WorkspaceTable,
} from './tables/people.js'
import type {
  ClientTable,
  CollectionFileTable,
  MappingTable,
  ShareServerTable,
  ShareTable,
  SiteTable,
} from './tables/places.js'

export type { Flag } from './tables/columns.js'
export type * from './tables/jobs.js'
export type * from './tables/journal.js'
export type * from './tables/people.js'
export type * from './tables/places.js'

/**
 * The one description of the tables. Moments are milliseconds since 1970 (UTC), flags 0 or 1, JSON is text:
 * the same on SQLite and PostgreSQL. Every table but those of `installation` has a `workspace` column, and
 * every query of a workspace's store is narrowed to it (narrowing/).
 */
export interface Schema {
  account: AccountTable
  api_key: ApiKeyTable
  web_session: WebSessionTable
  invitation: InvitationTable
  mail: MailTable
  workspace: WorkspaceTable
  user: UserTable
  site: SiteTable
  client: ClientTable
  share: ShareTable
  share_server: ShareServerTable
  collection_file: CollectionFileTable
  mapping: MappingTable
  acl: AclTable
  job: JobTable
  task: TaskTable
  setting: SettingTable
  log: LogTable
  recipient: RecipientTable
  audit: AuditTable
  event: EventTable
  seen_event: SeenEventTable
  lease: LeaseTable
  manifest: ManifestTable
}
