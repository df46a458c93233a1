import type { EntityType } from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import type { JobService } from '../jobs/service.js'
import { EntityEngine } from './engine/engine.js'
import type { EntityOperations } from './operations.js'
import { type AclOperations, aclOperations } from './people/acl-operations.js'
import { type UserOperations, userOperations } from './people/user-operations.js'
import { workspaceOperations } from './people/workspace-operations.js'
import { clientOperations } from './places/client-operations.js'
import { type CollectionOperations, collectionOperations } from './places/collection-operations.js'
import { folderOperations } from './places/folder-operations.js'
import { homeOperations } from './places/home-operations.js'
import type { ShareOperations } from './places/share-operations.js'
import { siteOperations } from './places/site-operations.js'
import { type VolumeOperations, volumeOperations } from './places/volumes/volume-operations.js'

/** The engine, and the operations that have more to them than create, update and remove. */
export interface Entities {
  readonly engine: EntityEngine
  readonly users: UserOperations
  readonly acls: AclOperations
  readonly volumes: VolumeOperations
  readonly folders: ShareOperations
  readonly homes: ShareOperations
  readonly collections: CollectionOperations
}

/** Puts the entity types and what they do together. */
export function createEntities(deps: { readonly jobs: JobService; readonly hub: AgentHub }): Entities {
  const { jobs } = deps
  const users = userOperations(deps)
  const volumes = volumeOperations(deps)
  const folders = folderOperations(deps)
  const homes = homeOperations(deps)
  const collections = collectionOperations(deps)
  const clients = clientOperations(deps)
  const operations: Partial<Record<EntityType, EntityOperations>> = {
    workspace: workspaceOperations,
    user: users,
    acl: aclOperations,
    site: siteOperations,
    client: clients,
    app: clients,
    server: clients,
    userserver: clients,
    browser: clients,
    volume: volumes,
    folder: folders,
    home: homes,
    collection: collections,
    queue: jobs.queue,
    transfer: jobs.transfer,
    task: jobs.task,
  }
  const engine = new EntityEngine(operations, (workspace, what) => jobs.touched(workspace, what))
  return { engine, users, acls: aclOperations, volumes, folders, homes, collections }
}
