import type { Generated } from 'kysely'
import type { EntityColumns, Flag, Json, Moment } from './columns.js'

/** Accounts are people of this installation; workspaces are what they are members of. */
export interface AccountTable {
  id: string
  /** Lower case. */
  email: string
  name: string
  /** Of the web: scrypt, with its parameters and salt (access/passwords); null where none was chosen. */
  password: string | null
  created: Moment
}

export interface ApiKeyTable {
  id: string
  account: string
  name: string
  /** SHA-256 of the key, hex; the key itself is shown once. */
  hash: string
  /** JSON list of the addresses and networks (CIDR) that it may be used from; empty is everywhere. */
  addresses: Json
  /** The workspace that it works in, of keys that an admin there made for somebody; null is everywhere. */
  bound_to: string | null
  created: Moment
  expires: Moment | null
  revoked: Moment | null
  last_used: Moment | null
}

/** Somebody who logged in with a password. */
export interface WebSessionTable {
  id: string
  account: string
  /** SHA-256 of the token, hex. */
  hash: string
  device: string
  address: string
  created: Moment
  expires: Moment
  last_used: Moment
}

/** Invitations to a workspace that were sent, by the hash of their one-time token. */
export interface InvitationTable {
  id: string
  workspace: string
  user: string
  /** SHA-256 of the token, hex. */
  hash: string
  /** 1 where the token was handed to whoever invited, so that having it says nothing about the mailbox. */
  shown: Flag
  message: string
  created: Moment
  creator: string
  expires: Moment
  accepted: Moment | null
}

/** Mails that are to be sent, and what became of them. */
export interface MailTable {
  id: string
  workspace: string
  recipient: string
  subject: string
  body: string
  created: Moment
  sent: Moment | null
  tries: number
  not_before: Moment
  problem: string
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

export interface UserTable extends EntityColumns {
  account: string
  role: 'admin' | 'employee' | 'standard'
  status: 'enabled' | 'disabled'
  inactive: Flag
  queue: string | null
  logged_in: Moment | null
}

export interface AclTable {
  id: string
  workspace: string
  user: string
  share: string
  /** JSON list of {path, read, write}; the first is shown as the ACL's own. */
  paths: Json
  /** The first of them again, for queries; all that shows an ACL reads `paths`. */
  path: Generated<string>
  read: Generated<Flag>
  write: Generated<Flag>
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
