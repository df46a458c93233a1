import type { EntityType } from '@waybill/api'
import type { EntityKind } from './engine/kind.js'
import { parcelKinds } from './jobs/parcel.js'
import { queueKind } from './jobs/queue.js'
import { taskKind } from './jobs/task.js'
import { transferKind } from './jobs/transfer.js'
import { aclKind } from './people/acl.js'
import { userKind } from './people/user.js'
import { workspaceKind } from './people/workspace.js'
import { clientKinds } from './places/client.js'
import { fileKind } from './places/file.js'
import { shareKinds } from './places/share.js'
import { siteKind } from './places/site.js'

const kinds: ReadonlyMap<EntityType, EntityKind> = new Map(
  [
    workspaceKind,
    userKind,
    aclKind,
    siteKind,
    ...clientKinds,
    ...shareKinds,
    fileKind,
    queueKind,
    transferKind,
    taskKind,
    ...parcelKinds,
  ].map((kind) => [kind.type, kind]),
)

/** Where the entities of a type are. Every type has one. */
export function kindOf(type: EntityType): EntityKind {
  const kind = kinds.get(type)
  if (kind === undefined) throw new Error(`no kind for ${type}`)
  return kind
}
