import type { Generated } from 'kysely'
import type { EntityColumns, Flag, Json, Moment } from './columns.js'

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
  /** Somebody set it aside. */
  aside: Generated<Flag>
  /** Of a volume: a server that registers at the main site takes it on by itself while nobody serves it there. */
  claimable: Generated<Flag>
  /** It, its volume or its home's user was set aside: what counts everywhere (entities/places/share-force). */
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
  /** Why the server cannot serve it (its directory is gone, say); empty when it can. */
  problem: string
  created: Moment
}

/** A file or directory that was put into a collection. */
export interface CollectionFileTable {
  /** A UUID. */
  id: string
  workspace: string
  collection: string
  /** The share that it was put in through: when that is deleted, it goes from the collection. */
  share: string
  /** The volume that it lies on, and where there, without a leading slash. */
  volume: string
  path: string
  /** Its name within the collection, unique there. */
  name: string
  created: Moment
  creator: string
}

/** A share that a user mapped to a directory of an own machine, and what others may do with it there. */
export interface MappingTable {
  id: string
  workspace: string
  client: string
  share: string
  /** Absolute, on that machine. */
  path: string
  /** Others may pull from it, and push to it. */
  read: Flag
  write: Flag
  created: Moment
  creator: string
  modified: Moment
  modifier: string
}
