import type {
  EndedMessage,
  HubListener,
  ManifestMessage,
  ProgressMessage,
  ResultsMessage,
  SessionRef,
} from '../../agents/hub.js'
import type { WorkspaceStore } from '../../store/store.js'
import type { DispatchDeps } from '../dispatch/deps.js'
import { type Lease, leaseTime } from '../dispatch/lease.js'
import { keepPiece } from '../manifest/keep-piece.js'
import { writeProgress } from './progress.js'
import { applyResults } from './results.js'
import { endsOf, leaseSession } from './session-ends.js'
import { type Outcome, SessionRun } from './session-run.js'

/** How long an agent may be away before its sessions are given up, milliseconds. */
const grace = 15_000

export interface RunsEvents {
  /** A run is over in memory; the database is the listener's to change. */
  ended(run: SessionRun, outcome: Outcome): void
  /** An agent came or went: the jobs that it holds up are to be looked at. */
  agentChanged(workspace: string, client: string): void
}

/** The runs that this process drives, and what agents say about them. */
export class Runs implements HubListener {
  private readonly bySession = new Map<string, SessionRun>()
  private readonly byJob = new Map<string, SessionRun>()
  /** Runs whose agents are away or not heard of yet: session to client to the timer that gives up. */
  private readonly missing = new Map<string, Map<string, NodeJS.Timeout>>()

  constructor(
    private readonly deps: DispatchDeps,
    private readonly events: RunsEvents,
  ) {}

  ofJob(job: string): SessionRun | undefined {
    return this.byJob.get(job)
  }

  all(): readonly SessionRun[] {
    return [...this.bySession.values()]
  }

  start(store: WorkspaceStore, lease: Lease): void {
    const run = this.add(store, lease)
    void run.open()
  }

  /** Takes over a run that another process began: goes on once both agents say that they still hold it. */
  adopt(store: WorkspaceStore, lease: Lease): void {
    const run = this.add(store, lease)
    for (const client of [lease.source_client, lease.destination_client]) this.giveUpLater(run, client)
  }

  forget(run: SessionRun): void {
    this.bySession.delete(run.lease.session)
    if (this.byJob.get(run.lease.job) === run) this.byJob.delete(run.lease.job)
    for (const timer of this.missing.get(run.lease.session)?.values() ?? []) clearTimeout(timer)
    this.missing.delete(run.lease.session)
  }

  close(): void {
    for (const run of this.all()) {
      run.leave()
      this.forget(run)
    }
  }

  async renewLeases(): Promise<void> {
    const expires = this.deps.clock.now() + leaseTime
    for (const workspace of new Set(this.all().map((run) => run.store))) {
      await workspace.db.updateTable('lease').set({ expires }).where('owner', '=', this.deps.owner).execute()
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the seam is asynchronous
  async connected(
    workspace: string,
    client: string,
    sessions: readonly SessionRef[],
  ): Promise<readonly SessionRef[]> {
    for (const run of this.all()) {
      if (!run.involves(client)) continue
      const { session, run: number } = run.lease
      const wanted = Object.values(endsOf(run.lease)).filter((end) => end.client === client)
      const holds = (id: string) => sessions.some((held) => held.session === id && held.lease === number)
      if (wanted.every((end) => holds(end.session))) this.cameBack(run, client)
      else if (this.missing.get(session)?.has(client) === true) {
        run.vanished({ code: 'W#J050', message: 'An agent came back without its part of the transfer' })
      }
    }
    setImmediate(() => this.events.agentChanged(workspace, client))
    return sessions.filter(({ session }) => !this.bySession.has(leaseSession(session)))
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the seam is asynchronous
  async disconnected(workspace: string, client: string): Promise<void> {
    for (const run of this.all()) if (run.involves(client)) this.giveUpLater(run, client)
    this.events.agentChanged(workspace, client)
  }

  async progress(_workspace: string, client: string, message: ProgressMessage): Promise<void> {
    const run = this.heard(client, message)
    const receiver = run && endsOf(run.lease).destination
    if (run === undefined || receiver?.client !== client || receiver.session !== message.session) return
    run.progress(message)
    await writeProgress(run.store, run.lease, message, this.deps.clock.now())
  }

  async results(workspace: string, client: string, message: ResultsMessage): Promise<void> {
    const run = this.heard(client, message)
    if (run !== undefined) {
      if (client === run.lease.destination_client) await run.results(message.results)
      return
    }
    await this.lateResults(workspace, client, message)
  }

  async manifest(workspace: string, client: string, message: ManifestMessage): Promise<void> {
    await keepPiece(this.deps.store.workspace(workspace), client, message, this.deps.clock.now())
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the seam is asynchronous
  async ended(_workspace: string, client: string, message: EndedMessage): Promise<void> {
    this.heard(client, message)?.endedAt(message)
  }

  /** What was finished while nobody listened: taken where the tasks were not started again since. */
  private async lateResults(workspace: string, client: string, message: ResultsMessage): Promise<void> {
    const store = this.deps.store.workspace(workspace)
    const [first] = message.results
    if (first === undefined) return
    const task = await store.db
      .selectFrom('task')
      .innerJoin('job', 'job.id', 'task.job')
      .select(['task.job', 'job.destination_client'])
      .where('task.id', '=', first.task)
      .executeTakeFirst()
    if (task?.destination_client !== client) return
    await applyResults(store, task.job, message.lease, message.results, this.deps.clock.now())
  }

  private add(store: WorkspaceStore, lease: Lease): SessionRun {
    const run = new SessionRun(this.deps, store, lease, (over, outcome) => {
      this.forget(over)
      this.events.ended(over, outcome)
    })
    this.bySession.set(lease.session, run)
    this.byJob.set(lease.job, run)
    return run
  }

  private heard(client: string, { session, lease }: SessionRef): SessionRun | undefined {
    const run = this.bySession.get(leaseSession(session))
    return run?.lease.run === lease && run.involves(client) ? run : undefined
  }

  private giveUpLater(run: SessionRun, client: string): void {
    const timers = this.missing.get(run.lease.session) ?? new Map<string, NodeJS.Timeout>()
    this.missing.set(run.lease.session, timers)
    if (timers.has(client)) return
    const timer = setTimeout(() => {
      run.vanished({ code: 'W#J050', message: 'An agent went away', entity: `client:${client}` })
    }, grace)
    timer.unref()
    timers.set(client, timer)
  }

  private cameBack(run: SessionRun, client: string): void {
    const timers = this.missing.get(run.lease.session)
    if (timers === undefined) return
    clearTimeout(timers.get(client))
    timers.delete(client)
    if (timers.size > 0) return
    this.missing.delete(run.lease.session)
    setImmediate(() => void run.adopt())
  }
}
