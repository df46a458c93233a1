import { WaybillError } from '@waybill/api'
import { writeEvent } from '../jobs/lifecycle/journal.js'
import type { WorkspaceStore } from '../store/store.js'
import type { AgentHub } from './hub.js'

/** For the agent's answer about one root, milliseconds. */
const patience = 5000
/** Roots that one agent is asked about at a time: on a dead network drive each answer takes its time. */
const atOnce = 8

/**
 * Asks connected servers whether the directories of the volumes that they serve are still there, and writes down
 * what is wrong with each: such a volume is offline, and jobs wait for it. Nothing is made: an empty directory in
 * place of a disk that is not mounted would take files that belong on the disk. Answers with the volumes that
 * changed; those in `but` were looked at just now. Other clients than servers may be among `clients`; they serve nothing.
 */
export async function checkVolumes(
  store: WorkspaceStore,
  hub: AgentHub,
  clients: readonly string[],
  now: () => number,
  but: readonly string[] = [],
): Promise<readonly string[]> {
  if (clients.length === 0) return []
  const rows = await store.db
    .selectFrom('share_server')
    .innerJoin('share', 'share.id', 'share_server.share')
    .select([
      'share_server.id',
      'share_server.client',
      'share_server.path',
      'share_server.problem',
      'share.id as volume',
    ])
    .where('share_server.client', 'in', [...clients])
    .where('share.inactive', '=', 0)
    .execute()
  const changed = await Promise.all(
    clients.map(async (client) => {
      const own = rows.filter((row) => row.client === client && !but.includes(row.volume))
      const found: string[] = []
      for (let from = 0; from < own.length; from += atOnce) {
        const some = own.slice(from, from + atOnce)
        const asked = some.map(async (row) => {
          const problem = await problemOf(hub, client, row.path)
          if (problem === undefined || problem === row.problem) return
          if (await writeProblem(store, row, problem, now())) found.push(row.volume)
        })
        await Promise.all(asked)
      }
      return found
    }),
  )
  return [...new Set(changed.flat())]
}

/** What is wrong with a root, in words; empty when nothing is; undefined when the agent is gone. */
async function problemOf(hub: AgentHub, client: string, path: string): Promise<string | undefined> {
  try {
    await hub.request(client, 'root.check', { path, create: false }, { timeoutMs: patience })
    return ''
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    if (error.code === 'agent_offline' || error.code === 'unreachable') return undefined
    return error.code === 'timeout' ? `${path} does not answer` : error.message
  }
}

/** False when the server serves the volume elsewhere by now, or not at all. */
async function writeProblem(
  store: WorkspaceStore,
  row: { readonly id: string; readonly path: string; readonly volume: string },
  problem: string,
  now: number,
): Promise<boolean> {
  return await store.transaction(async (tx) => {
    const written = await tx
      .updateTable('share_server')
      .set({ problem })
      .where('id', '=', row.id)
      .where('path', '=', row.path)
      .returning('id')
      .execute()
    if (written.length === 0) return false
    await writeEvent(tx, store.id, now, 'volume', row.volume, 'changed')
    return true
  })
}
