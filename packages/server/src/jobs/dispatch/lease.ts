import type { Selectable } from 'kysely'
import type { LeaseTable } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'

export type Lease = Selectable<LeaseTable>

/** A lease that is not renewed for this long is anybody's; milliseconds. */
export const leaseTime = 30_000

/** Name of the pair of endpoints of a job: the same in both directions. */
export function pairOf(source: string, destination: string): string {
  return [source, destination].sort().join(' ')
}

/** Leases on a pair, by slot. */
export async function leasesOn(tx: Tx, pair: string): Promise<Lease[]> {
  return await tx.selectFrom('lease').selectAll().where('pair', '=', pair).orderBy('slot').execute()
}

/** The lowest slot of `slots` that no lease holds; undefined when all are taken. */
export function freeSlot(leases: readonly Lease[], slots: number): number | undefined {
  for (let slot = 0; slot < slots; slot++) {
    if (!leases.some((lease) => lease.slot === slot)) return slot
  }
  return undefined
}
