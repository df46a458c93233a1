import type {
  EndedMessage,
  HubListener,
  ManifestMessage,
  ProgressMessage,
  ResultsMessage,
  SessionRef,
} from '../agents/hub.js'
import type { WorkspaceStore } from '../store/store.js'
import type { DispatchDeps } from './dispatch/deps.js'
import { Dispatcher } from './dispatch/dispatcher.js'
import { leaseTime } from './dispatch/lease.js'
import { Measuring } from './dispatch/measuring.js'
import { readJob } from './lifecycle/apply-job.js'
import { endRun } from './lifecycle/release.js'
import { Conclusions } from './runs/conclude.js'
import { Runs } from './runs/runs.js'
import type { Outcome, SessionRun } from './runs/session-run.js'
import { Alarm } from './upkeep/alarm.js'
import { nextDue, wakeDueJobs } from './upkeep/due-jobs.js'
import { archiveOldJobs } from './upkeep/retention.js'

const retentionInterval = 3_600_000

/** Everything that makes jobs move by themselves: dispatching, runs, retries, retention. */
export class JobEngine implements HubListener {
  readonly dispatcher: Dispatcher
  readonly runs: Runs
  private readonly alarm: Alarm
  private readonly conclusions = new Conclusions()
  private readonly timers: NodeJS.Timeout[] = []
  private readonly concluding = new Set<Promise<void>>()

  constructor(private readonly deps: DispatchDeps) {
    const measuring = new Measuring(deps, (workspace, job) => this.dispatcher.poke(workspace, { job }))
    this.runs = new Runs(deps, {
      ended: (run, outcome) => this.runEnded(run, outcome),
      agentChanged: (workspace, id) => this.dispatcher.poke(workspace, { by: 'client', id }),
    })
    this.dispatcher = new Dispatcher(deps, this.runs, measuring)
    this.alarm = new Alarm(deps.clock, async () => await this.wakeDue())
  }

  /** Takes over what an earlier process left, and starts the clocks. */
  async start(): Promise<void> {
    for (const store of await this.workspaces()) {
      await this.takeOver(store)
      this.alarm.at(await nextDue(store))
    }
    this.every(leaseTime / 3, async () => await this.runs.renewLeases())
    this.every(retentionInterval, async () => await this.archive())
    await this.archive()
  }

  async close(): Promise<void> {
    this.alarm.close()
    for (const timer of this.timers) clearInterval(timer)
    await this.dispatcher.close()
    this.runs.close()
    await Promise.all(this.concluding)
  }

  /** A job was changed by somebody: it is looked at now, and again when it is due. */
  changed(workspace: string, job: { readonly id: string; readonly not_before: number | null }): void {
    this.alarm.at(job.not_before)
    this.dispatcher.poke(workspace, { job: job.id })
  }

  /** Ends the run of a job that was taken off its lease in the database, and lets the next one of its pair run. */
  stopRun(workspace: string, job: string, why: string): void {
    const run = this.runs.ofJob(job)
    if (run === undefined) return
    run.stop(why)
    this.runs.forget(run)
    this.freed(workspace, run)
  }

  async connected(workspace: string, client: string, sessions: readonly SessionRef[]) {
    return await this.runs.connected(workspace, client, sessions)
  }
  async disconnected(workspace: string, client: string): Promise<void> {
    await this.runs.disconnected(workspace, client)
  }
  async progress(workspace: string, client: string, message: ProgressMessage): Promise<void> {
    await this.runs.progress(workspace, client, message)
  }
  async results(workspace: string, client: string, message: ResultsMessage): Promise<void> {
    await this.runs.results(workspace, client, message)
  }
  async manifest(workspace: string, client: string, message: ManifestMessage): Promise<void> {
    await this.runs.manifest(workspace, client, message)
  }
  async ended(workspace: string, client: string, message: EndedMessage): Promise<void> {
    await this.runs.ended(workspace, client, message)
  }

  private runEnded(run: SessionRun, outcome: Outcome): void {
    const work = this.conclude(run, outcome).catch((error: unknown) => {
      this.deps.log(`ending the run of ${run.lease.job} failed`, error)
    })
    this.concluding.add(work)
    void work.finally(() => this.concluding.delete(work))
  }

  private async conclude(run: SessionRun, outcome: Outcome): Promise<void> {
    const job = await this.conclusions.write(run, outcome, this.deps.clock.now())
    if (job !== undefined) this.changed(run.store.id, job)
    this.freed(run.store.id, run)
  }

  private freed(workspace: string, { lease }: SessionRun): void {
    this.dispatcher.poke(workspace, { by: 'pair', clients: [lease.source_client, lease.destination_client] })
  }

  private async wakeDue(): Promise<number | null> {
    let next: number | null = null
    for (const store of await this.workspaces()) {
      for (const job of await wakeDueJobs(store, this.deps.clock.now()))
        this.dispatcher.poke(store.id, { job })
      const due = await nextDue(store)
      if (due !== null && (next === null || due < next)) next = due
    }
    return next
  }

  private async takeOver(store: WorkspaceStore): Promise<void> {
    const { clock, owner } = this.deps
    const leases = await store.db.selectFrom('lease').selectAll().execute()
    for (const lease of leases) {
      await store.db
        .updateTable('lease')
        .set({ owner, expires: clock.now() + leaseTime })
        .where('job', '=', lease.job)
        .execute()
      this.runs.adopt(store, lease)
    }
    const leased = new Set(leases.map(({ job }) => job))
    const running = await store.db.selectFrom('job').select('id').where('status', '=', 'running').execute()
    for (const { id } of running) {
      if (leased.has(id)) continue
      await store.transaction(async (tx) => {
        const change = { tx, workspace: store.id, now: clock.now() }
        const job = await readJob(change, id)
        if (job !== undefined) await endRun(change, job, 'yield', { log: 'Taken up again after a restart' })
      })
    }
  }

  private async archive(): Promise<void> {
    for (const store of await this.workspaces()) await archiveOldJobs(store, this.deps.clock.now())
  }

  private async workspaces(): Promise<WorkspaceStore[]> {
    const rows = await this.deps.store.installation.selectFrom('workspace').select('id').execute()
    return rows.map(({ id }) => this.deps.store.workspace(id))
  }

  private every(interval: number, work: () => Promise<void>): void {
    const timer = setInterval(() => {
      work().catch((error: unknown) => this.deps.log('upkeep failed', error))
    }, interval)
    timer.unref()
    this.timers.push(timer)
  }
}
