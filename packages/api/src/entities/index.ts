import type { EntityDefinition, EntityType } from './definition.js'
import { delivery, queue, request, stream, task, transfer } from './jobs.js'
import { acl, user, workspace } from './people.js'
import {
  app,
  browser,
  client,
  collection,
  file,
  folder,
  home,
  server,
  site,
  userserver,
  volume,
} from './places.js'

export const entities: Readonly<Record<EntityType, EntityDefinition>> = {
  workspace,
  user,
  site,
  client,
  app,
  server,
  userserver,
  browser,
  volume,
  folder,
  home,
  collection,
  file,
  acl,
  queue,
  transfer,
  task,
  delivery,
  request,
  stream,
}

/** Old names that clients still use. */
const aliases: Readonly<Record<string, EntityType>> = { job: 'transfer', share: 'folder' }

/** Finds an entity type by the name in a uri or query, in any case; undefined when there is none. */
export function findEntityType(name: string): EntityType | undefined {
  const lower = name.toLowerCase()
  if (Object.hasOwn(entities, lower)) return entities[lower as EntityType].type
  return Object.hasOwn(aliases, lower) ? aliases[lower] : undefined
}

export * from './definition.js'
