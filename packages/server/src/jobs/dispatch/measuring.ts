import { toWaybillError } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { applyJob, readJob } from '../lifecycle/apply-job.js'
import type { JobRow } from '../lifecycle/rows.js'
import type { DispatchDeps } from './deps.js'
import { measureJob } from './measure.js'

/** The measurements under way. Each job is measured once at a time; a lost agent is asked again when it is back. */
export class Measuring {
  private readonly underway = new Set<string>()

  constructor(
    private readonly deps: DispatchDeps,
    private readonly measured: (workspace: string, job: string) => void,
  ) {}

  begin(store: WorkspaceStore, job: JobRow): void {
    if (this.underway.has(job.id)) return
    this.underway.add(job.id)
    void this.measure(store, job).finally(() => {
      this.underway.delete(job.id)
      this.measured(store.id, job.id)
    })
  }

  private async measure(store: WorkspaceStore, job: JobRow): Promise<void> {
    const { hub, clock, log } = this.deps
    try {
      await measureJob(store, hub, job, () => clock.now())
    } catch (thrown) {
      // Sizes are a service; a job whose source cannot be measured still runs, and says then what is wrong.
      if (toWaybillError(thrown).code === 'agent_offline') return
      log(`measuring ${job.id} failed`, thrown)
    }
    await store.transaction(async (tx) => {
      const change = { tx, workspace: store.id, now: clock.now() }
      const fresh = await readJob(change, job.id)
      if (fresh === undefined) return
      await tx.updateTable('job').set({ measured: 1 }).where('id', '=', job.id).execute()
      if (fresh.status === 'init')
        await applyJob(change, fresh, 'measured', { log: `measured, ${fresh.size} bytes` })
    })
  }
}
