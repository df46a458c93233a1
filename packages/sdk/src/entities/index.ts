import type { Entity } from './entity.js'
import type { Queue, Task, Transfer } from './jobs.js'
import type { Acl, Client, CollectionFile, Home, Share, Site, User, Volume, Workspace } from './places.js'

/** Entity types by their names on the wire; old names included. */
export interface EntityMap {
  acl: Acl
  app: Client
  browser: Client
  client: Client
  collection: Share
  file: CollectionFile
  folder: Share
  home: Home
  job: Transfer
  queue: Queue
  server: Client
  share: Share
  site: Site
  task: Task
  transfer: Transfer
  user: User
  userserver: Client
  volume: Volume
  workspace: Workspace
}

/** The entity that a type name, in any case, stands for; any entity when the name is not known. */
export type EntityOf<T extends string> =
  Lowercase<T> extends keyof EntityMap ? EntityMap[Lowercase<T>] : Entity

/** The entity that a query is about: `Transfer WHERE ...` finds transfers. */
export type Found<Q extends string> = Q extends `${infer T} ${string}` ? EntityOf<T> : EntityOf<Q>

export type { Entity } from './entity.js'
export type * from './jobs.js'
export type * from './places.js'
