import type { Reason } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'
import { applyJob, explainJob, readJob } from '../lifecycle/apply-job.js'
import { endRun } from '../lifecycle/release.js'
import type { JobRow } from '../lifecycle/rows.js'
import type { Runs } from '../runs/runs.js'
import type { DispatchDeps } from './deps.js'
import { whatStandsAgainst } from './eligibility.js'
import { loadFacts } from './facts.js'
import { followServers } from './follow-servers.js'
import type { Lease } from './lease.js'
import type { Measuring } from './measuring.js'
import { takeLease } from './start.js'
import { compareUrgency, jobsByUrgency, type Selection, urgencyOf } from './urgency.js'

/** Something happened: one job, or whatever a selection names, is to be looked at. */
export type Poke = { readonly job: string } | Selection

/**
 * Decides which jobs run. It reacts to pokes and looks only at the jobs that they name, one poke of a workspace
 * after the other; nothing is polled. What it decides is written in transactions that check again, so that
 * several processes may decide at once.
 */
export class Dispatcher {
  private readonly pokes = new Map<string, Map<string, Poke>>()
  private readonly busy = new Map<string, Promise<void>>()
  private closed = false

  constructor(
    private readonly deps: DispatchDeps,
    private readonly runs: Runs,
    private readonly measuring: Measuring,
  ) {}

  /** Notes what happened; the same thing twice is looked at once. Returns at once. */
  poke(workspace: string, poke: Poke): void {
    if (this.closed) return
    const waiting = this.pokes.get(workspace) ?? new Map<string, Poke>()
    this.pokes.set(workspace, waiting)
    waiting.set(JSON.stringify(poke), poke)
    if (this.busy.has(workspace)) return
    const work = this.work(workspace, waiting).finally(() => this.busy.delete(workspace))
    this.busy.set(workspace, work)
  }

  /** Resolves once everything that was poked so far has been looked at. */
  async idle(): Promise<void> {
    while (this.busy.size > 0) await Promise.all(this.busy.values())
  }

  async close(): Promise<void> {
    this.closed = true
    await this.idle()
  }

  private async work(workspace: string, waiting: Map<string, Poke>): Promise<void> {
    // Pokes of one turn of the event loop are looked at together, after the caller's transaction is over.
    await new Promise((resolve) => setImmediate(resolve))
    for (;;) {
      const [next] = waiting
      if (next === undefined || this.closed) return
      const [key, poke] = next
      waiting.delete(key)
      try {
        await this.look(this.deps.store.workspace(workspace), poke)
      } catch (error) {
        this.deps.log(`looking at ${key} failed`, error)
      }
    }
  }

  private async look(store: WorkspaceStore, poke: Poke): Promise<void> {
    if ('job' in poke) {
      const job = await readJob(this.change(store, store.db), poke.job)
      if (job !== undefined) await this.consider(store, [job])
      return
    }
    for await (const page of jobsByUrgency(store.db, poke)) {
      const full = await this.consider(store, page, poke.by === 'pair')
      if (full && poke.by === 'pair') return
    }
  }

  /**
   * Looks at jobs in turn; answers whether one of them found its pair of endpoints taken. With `onePair` that is
   * the end of it: behind such a job the others of the pair wait as they did.
   */
  private async consider(store: WorkspaceStore, jobs: readonly JobRow[], onePair = false): Promise<boolean> {
    let full = false
    const now = this.deps.clock.now()
    for (const facts of await loadFacts(store.db, await followServers(store.db, jobs))) {
      const { job } = facts
      // A running job whose agent is away has its time of grace (runs.ts); all else ends its run.
      const online = (client: string) => job.status === 'running' || this.deps.hub.isOnline(client)
      const reason = whatStandsAgainst(facts, online, now)
      if (job.measured === 0) await this.measure(store, job, facts.source?.id)
      if (job.status === 'running') {
        if (reason !== undefined) await this.takeBack(store, job, reason)
      } else if (job.status === 'waiting') {
        if (reason !== undefined) await this.explain(store, job, reason)
        else if (job.measured === 1) full = !(await this.start(store, job)) || full
      }
      if (full && onePair) return true
    }
    return full
  }

  private async measure(store: WorkspaceStore, job: JobRow, client: string | undefined): Promise<void> {
    if (client !== undefined && this.deps.hub.isOnline(client)) {
      this.measuring.begin(store, job)
      return
    }
    // The source cannot be asked now: the job waits for it, and is measured when it is there.
    if (job.status === 'init') {
      const moved = await store.transaction(async (tx) => {
        const fresh = await readJob(this.change(store, tx), job.id)
        return fresh && (await applyJob(this.change(store, tx), fresh, 'defer', { reason: offline(client) }))
      })
      if (moved !== undefined) this.poke(store.id, { job: job.id })
    }
  }

  /** Starts a job, if need be in place of less urgent ones; false when the pair stays taken. */
  private async start(store: WorkspaceStore, job: JobRow): Promise<boolean> {
    const now = this.deps.clock.now()
    const got = await takeLease(store, job.id, this.deps.owner, now)
    if (got === undefined) return true
    if ('lease' in got) {
      this.runs.start(store, got.lease)
      return true
    }
    const victim = got.policy === 'wait' ? undefined : await this.lessUrgent(store, job, got.taken)
    if (victim === undefined) {
      const ahead = got.taken[0]
      const reason: Reason = {
        code: 'W#J053',
        message: 'Queued behind another job between the same two machines',
        ...(ahead === undefined ? {} : { entity: `transfer:${ahead.job}` }),
      }
      await this.explain(store, job, reason)
      return false
    }
    // Within one server jobs of people meet who know nothing of one another.
    const shared = job.source_client === job.destination_client
    const reason: Reason = {
      code: 'W#J053',
      message: `Interrupted by a more urgent job${shared ? '' : `, ${job.name}`}`,
      entity: `transfer:${job.id}`,
    }
    await this.takeBack(store, victim, reason)
    return await this.start(store, job)
  }

  /** The least urgent of the jobs that hold leases, when it is less urgent than `job`. */
  private async lessUrgent(
    store: WorkspaceStore,
    job: JobRow,
    taken: readonly Lease[],
  ): Promise<JobRow | undefined> {
    const mine = await urgencyOf(store.db, job)
    let victim: { job: JobRow; urgency: Awaited<ReturnType<typeof urgencyOf>> } | undefined
    for (const lease of taken) {
      const running = await readJob(this.change(store, store.db), lease.job)
      if (running === undefined) continue
      const urgency = await urgencyOf(store.db, running)
      if (victim === undefined || compareUrgency(urgency, victim.urgency) > 0)
        victim = { job: running, urgency }
    }
    return victim !== undefined && compareUrgency(mine, victim.urgency) < 0 ? victim.job : undefined
  }

  /** Makes a running job wait again. */
  private async takeBack(store: WorkspaceStore, job: JobRow, reason: Reason): Promise<void> {
    await store.transaction(async (tx) => {
      const change = this.change(store, tx)
      const fresh = await readJob(change, job.id)
      if (fresh?.status === 'running') await endRun(change, fresh, 'yield', { reason })
      else await tx.deleteFrom('lease').where('job', '=', job.id).execute()
    })
    const run = this.runs.ofJob(job.id)
    if (run === undefined) return
    run.stop(reason.message)
    this.runs.forget(run)
    const { source_client: source, destination_client: destination } = run.lease
    this.poke(store.id, { by: 'pair', clients: [source, destination] })
  }

  private async explain(store: WorkspaceStore, job: JobRow, reason: Reason): Promise<void> {
    if (job.reason === reason.code && job.reason_hr === reason.message) return
    await store.transaction(async (tx) => {
      const fresh = await readJob(this.change(store, tx), job.id)
      if (fresh?.status === 'waiting') await explainJob(this.change(store, tx), fresh, reason)
    })
  }

  private change(store: WorkspaceStore, tx: WorkspaceStore['db']) {
    return { tx, workspace: store.id, now: this.deps.clock.now() }
  }
}

function offline(client: string | undefined): Reason {
  return client === undefined
    ? { code: 'W#J050', message: 'No client at the source', action: 'Start an agent there' }
    : { code: 'W#J050', message: 'The client at the source is offline', entity: `client:${client}` }
}
