import { randomUUID } from 'node:crypto'
import type { WorkspaceStore } from '../../store/store.js'
import { effectiveSettings, numberSetting, wordSetting } from '../effective-settings.js'
import { applyJob, readJob } from '../lifecycle/apply-job.js'
import { verdict } from '../lifecycle/job-machine.js'
import { countsOf } from '../lifecycle/move-tasks.js'
import type { JobRow } from '../lifecycle/rows.js'
import { settleJob } from '../lifecycle/settle.js'
import { retryPlan } from '../retry-plan.js'
import { freeSlot, type Lease, leasesOn, leaseTime, pairOf } from './lease.js'

/**
 * Takes the lease for a job and sets it running, in one transaction. Answers with the lease; or with those that
 * hold every slot of the pair; or undefined when the job is no longer waiting, or its tasks leave nothing to do.
 */
export async function takeLease(
  store: WorkspaceStore,
  id: string,
  owner: string,
  now: number,
): Promise<{ lease: Lease; job: JobRow } | { taken: readonly Lease[]; policy: string } | undefined> {
  return await store.transaction(async (tx) => {
    const change = { tx, workspace: store.id, now }
    const job = await readJob(change, id)
    if (job?.status !== 'waiting' || job.source_client === null || job.destination_client === null)
      return undefined
    const settings = await effectiveSettings(tx, store.id, job)
    if (verdict(countsOf(job)) !== undefined) {
      // Made, or started again, with nothing to do: a run of it would end at once and begin anew for ever.
      await settleJob(change, id, retryPlan(settings, now))
      return undefined
    }
    const pair = pairOf(job.source_client, job.destination_client)
    const leases = await leasesOn(tx, pair)
    const slot = freeSlot(leases, Math.max(1, Math.trunc(numberSetting(settings, 'transfer_concurrent'))))
    if (slot === undefined) return { taken: leases, policy: wordSetting(settings, 'queue_interrupt_policy') }
    const lease: Lease = {
      workspace: store.id,
      job: id,
      run: job.run + 1,
      pair,
      slot,
      session: randomUUID(),
      source_client: job.source_client,
      destination_client: job.destination_client,
      owner,
      expires: now + leaseTime,
      created: now,
    }
    await tx.insertInto('lease').values(lease).execute()
    const running = await applyJob(change, job, 'start', { patch: { run: lease.run, not_before: null } })
    return running === undefined ? undefined : { lease, job: running }
  })
}
