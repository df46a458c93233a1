import { newId } from '@waybill/api'
import { pathFor } from '../entities/places/volumes/volume-paths.js'
import type { WorkspaceStore } from '../store/store.js'
import type { AgentHub } from './hub.js'

/** For the agent's answer about one root, milliseconds: a network drive may hang. */
const patience = 5000

/**
 * Gives the volumes that no server serves at a site to one that has just registered there, where it can: the
 * directory is made on its machine if need be. Answers with the volumes that it serves from now on.
 */
export async function claimVolumes(
  store: WorkspaceStore,
  hub: AgentHub,
  client: string,
  site: string,
  now: () => number,
): Promise<{ readonly served: readonly string[]; readonly failures: readonly string[] }> {
  const served: string[] = []
  const failures: string[] = []
  const { os } = await store.db
    .selectFrom('client')
    .select('os')
    .where('id', '=', client)
    .executeTakeFirstOrThrow()
  for (const volume of await unserved(store, site)) {
    const path = pathFor(volume, os)
    if (path === '') continue
    try {
      const root = await hub.request(client, 'root.check', { path, create: true }, { timeoutMs: patience })
      if (await claim(store, volume.id, client, site, root.path, now())) served.push(volume.id)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      failures.push(`Volume ${volume.code} at ${path} cannot be served: ${why}`)
    }
  }
  return { served, failures }
}

async function unserved({ db }: WorkspaceStore, site: string) {
  const servedHere = db.selectFrom('share_server').select('share').where('site', '=', site)
  return await db
    .selectFrom('share')
    .select(['id', 'code', 'path', 'paths'])
    .where('kind', '=', 'volume')
    .where('inactive', '=', 0)
    // Not those that were taken away from their server on purpose.
    .where('claimable', '=', 1)
    .where('id', 'not in', servedHere)
    .execute()
}

/** False when another server was quicker. */
async function claim(
  store: WorkspaceStore,
  share: string,
  client: string,
  site: string,
  path: string,
  now: number,
): Promise<boolean> {
  return await store.transaction(async (tx) => {
    const row = { id: newId(now), workspace: store.id, share, client, site, path, problem: '', created: now }
    const inserted = await tx
      .insertInto('share_server')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute()
    return inserted.length > 0
  })
}
