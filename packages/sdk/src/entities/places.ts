import type { Role } from '@waybill/api'
import type { Entity } from './entity.js'

export interface Workspace extends Entity {
  readonly code: string
  readonly name: string
  readonly status: 'enabled' | 'disabled'
}

export interface User extends Entity {
  /** The email. */
  readonly code: string
  readonly name: string
  readonly role: Role
  readonly status: 'enabled' | 'disabled'
  readonly inactive: boolean
  readonly logged_in: Date | null
  readonly created: Date
}

export interface Acl extends Entity {
  /** `user:<id>` */
  readonly entity: string
  readonly entity_hr: string
  /** `share:<id>` */
  readonly target: string
  readonly target_hr: string
  /** The first path; `paths` has all of them. */
  readonly path: string
  readonly read: boolean
  readonly write: boolean
  readonly paths: readonly { readonly path: string; readonly read: boolean; readonly write: boolean }[]
  readonly message: string
  readonly created: Date
}

export interface Site extends Entity {
  readonly code: string
  readonly name: string
  readonly main: boolean
  readonly status: 'enabled' | 'disabled'
}

export interface Client extends Entity {
  /** The host name. */
  readonly code: string
  readonly name: string
  /** 0 app, 1 server, 2 user server, 3 browser, 4 compute lane */
  readonly type: 0 | 1 | 2 | 3 | 4
  readonly status: 'init' | 'online' | 'offline' | 'disabled' | 'disabled-offline'
  readonly os: string
  readonly username: string
  readonly version: string
  readonly wan_ip: string
  readonly site: string
  readonly site_hr: string
  readonly user: string
  readonly user_hr: string
  readonly last_checkin: Date | null
}

/** A volume, folder, home or collection. */
export interface Share extends Entity {
  readonly code: string
  readonly name: string
  readonly path: string
  readonly parent: string | null
  readonly status: 'enabled' | 'disabled' | 'offline' | 'disabled-offline'
  readonly status_hr: string
  readonly inactive: boolean
  readonly created: Date
}

export interface Volume extends Share {
  readonly default: boolean
  readonly server: string | null
  readonly server_hr: string | null
}

export interface Home extends Share {
  readonly user: string | null
  readonly user_hr: string
}

/** Its id is a UUID. */
export interface CollectionFile extends Entity {
  /** Within the collection: `collection=CODE/NAME`. */
  readonly name: string
  /** On the storage: `volume=CODE/...`. */
  readonly path: string
  readonly parent: string
  readonly created: Date
}

/** A server that serves a volume, at its site. */
export interface Assignment {
  readonly site: string
  readonly site_hr: string
  readonly client: string
  readonly client_hr: string
  readonly path: string
}
