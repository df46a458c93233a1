import { writeEvent } from '../jobs/lifecycle/journal.js'
import type { Store, WorkspaceStore } from '../store/store.js'

export interface CheckIn {
  readonly client: string
  readonly lastSeen: number
  readonly metrics: string | undefined
}

/** Writes down when clients were last heard of, and how their machines do. */
export async function writeCheckIns(store: WorkspaceStore, checkIns: readonly CheckIn[]): Promise<void> {
  await store.transaction(async (tx) => {
    for (const { client, lastSeen, metrics } of checkIns) {
      await tx
        .updateTable('client')
        .set({ last_checkin: lastSeen, ...(metrics === undefined ? {} : { metrics }) })
        .where('id', '=', client)
        .execute()
    }
  })
}

export async function writeOffline(
  store: WorkspaceStore,
  clients: readonly string[],
  now: number,
): Promise<void> {
  if (clients.length === 0) return
  await store.transaction(async (tx) => {
    const changed = await tx
      .updateTable('client')
      .set({ online: 0 })
      .where('id', 'in', [...clients])
      .where('online', '=', 1)
      .returning('id')
      .execute()
    for (const { id } of changed) await writeEvent(tx, store.id, now, 'client', id, 'changed')
  })
}

/**
 * Shows every client as offline: whoever was connected to a process that is gone comes back by itself. To be
 * called before the first agent is let in.
 */
export async function resetPresence(store: Store, now: number): Promise<void> {
  const workspaces = await store.installation.selectFrom('workspace').select('id').execute()
  for (const { id } of workspaces) {
    const workspace = store.workspace(id)
    const online = await workspace.db.selectFrom('client').select('id').where('online', '=', 1).execute()
    await writeOffline(
      workspace,
      online.map((client) => client.id),
      now,
    )
  }
}

/** A heartbeat's numbers as they are kept; an agent cannot fill the database with them. */
export function keepMetrics(metrics: Readonly<Record<string, number>>): string {
  const entries = Object.entries(metrics).filter(([name]) => name.length <= 64)
  return JSON.stringify(Object.fromEntries(entries.slice(0, 64)))
}
