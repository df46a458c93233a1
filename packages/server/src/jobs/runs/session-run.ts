import {
  agentTypes,
  isReasonCode,
  type Reason,
  type SessionProgress,
  type SessionTask,
  type TaskResult,
  toWaybillError,
} from '@waybill/api'
import type { EndedMessage } from '../../agents/hub.js'
import type { WorkspaceStore } from '../../store/store.js'
import { seenByStandardUsers } from '../audience.js'
import type { DispatchDeps } from '../dispatch/deps.js'
import type { Lease } from '../dispatch/lease.js'
import { type EffectiveSettings, effectiveSettings, numberSetting } from '../effective-settings.js'
import { writeLog } from '../lifecycle/journal.js'
import type { JobRow } from '../lifecycle/rows.js'
import { heldBucket, takeBucket } from './feed.js'
import { Locator } from './locate.js'
import { applyResults } from './results.js'
import { endsOf } from './session-ends.js'
import { addressesOf, describeLine, planSession, rateOf, type SessionPlan } from './session-plan.js'

/**
 * How a run ended: `done`, there is nothing left to do; `again`, tasks were queued anew and want another run;
 * `vanished`, an endpoint is away; `broken`, the endpoints could not work together, `failed`, and will not.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again' }
  | { readonly kind: 'vanished' | 'broken' | 'failed'; readonly reason: Reason }

/** What both ends are told, before it is said of which session. */
type Unaddressed =
  | { readonly type: 'session.cancel'; readonly tasks: string[] }
  | { readonly type: 'session.rate'; readonly rate: number }
  | { readonly type: 'session.finish' }
  | { readonly type: 'session.stop'; readonly reason: string }

/** Tasks in one control message: their paths may be long. */
const perMessage = 100

/**
 * One run of a job: opens a session between its two agents, hands out tasks, takes results in. It keeps nothing
 * that the database does not know, so that another process can go on with it (`adopt`).
 */
export class SessionRun {
  /** When each bucket of tasks was handed out, for `time`, which is the bucket's. */
  private readonly buckets: {
    readonly since: number
    readonly ids: readonly string[]
    readonly left: Set<string>
  }[] = []
  /** What tasks that came to their end took: files, bytes that crossed the line, bytes that were there already. */
  private readonly totals = { files: 0, sent: 0, skipped: 0 }
  /** What the receiver said last of the session as a whole. */
  private latest: Pick<SessionProgress, 'bytes' | 'sent'> = { bytes: 0, sent: 0 }
  private phase: 'opening' | 'feeding' | 'over' = 'opening'
  private feeding: Promise<void> | undefined
  private feedAgain = false
  readonly sides: { readonly source: Locator; readonly destination: Locator }

  constructor(
    private readonly deps: DispatchDeps,
    readonly store: WorkspaceStore,
    readonly lease: Lease,
    private readonly ended: (run: SessionRun, outcome: Outcome) => void,
  ) {
    this.sides = {
      source: new Locator(store.db, { client: lease.source_client, job: lease.job, access: 'read' }),
      destination: new Locator(store.db, {
        client: lease.destination_client,
        job: lease.job,
        access: 'write',
      }),
    }
  }

  /** Introduces the two agents to each other, then feeds them. Never rejects: what goes wrong ends the run. */
  async open(): Promise<void> {
    try {
      const plan = await planSession(this.store.db, this.lease, await this.settings())
      const { hub, ports } = this.deps
      const listening = await hub.request(plan.listener.id, 'session.open', {
        ...plan.listen,
        link: { kind: 'listen', ports: [...ports] },
      })
      if (this.isOver()) return
      const addresses = addressesOf(plan.listener)
      const connected = hub.request(plan.connector.id, 'session.open', {
        ...plan.connect,
        link: { kind: 'connect', addresses, port: listening.port ?? 0 },
      })
      // The tasks travel while the agents shake hands, which over distance takes longer than all else.
      this.phase = 'feeding'
      const [{ cipher, line }] = await Promise.all([connected, this.feed()])
      if (this.isOver()) return
      const ends = await this.describe(plan)
      await this.note(`${ends}, ${describeLine(line)}, ${cipher ?? 'no cipher named'}`)
    } catch (thrown) {
      this.finish(outcomeOf(thrown))
    }
  }

  /** Goes on with a session that both agents still hold. */
  async adopt(): Promise<void> {
    try {
      this.phase = 'feeding'
      const held = await heldBucket(this.store, await this.job(), this.sides)
      this.noteBucket(held.source)
      this.tell(held)
      await this.feed()
    } catch (thrown) {
      this.finish(outcomeOf(thrown))
    }
  }

  /** Hands out what is queued, as far as the bucket has room; tasks that came in the meantime included. */
  async feed(): Promise<void> {
    if (this.phase !== 'feeding') return
    this.feedAgain = true
    this.feeding ??= this.feedAll().finally(() => {
      this.feeding = undefined
    })
    await this.feeding
  }

  private async feedAll(): Promise<void> {
    while (this.feedAgain && this.phase === 'feeding') {
      this.feedAgain = false
      const settings = await this.settings()
      const room = Math.max(1, Math.trunc(numberSetting(settings, 'task_bucketsize')))
      if (this.outstanding() > room / 2) continue
      const bucket = await takeBucket(
        this.store,
        this.lease,
        this.sides,
        room - this.outstanding(),
        this.deps.clock.now(),
      )
      if (bucket === undefined) {
        if (this.outstanding() === 0) await this.nothingLeft()
        continue
      }
      this.noteBucket(bucket.source)
      this.tell(bucket)
      this.feedAgain ||= bucket.source.length === 0
    }
  }

  private async nothingLeft(): Promise<void> {
    const job = await this.store.db
      .selectFrom('job')
      .select('status')
      .where('id', '=', this.lease.job)
      .executeTakeFirst()
    this.finish({ kind: job?.status === 'running' ? 'again' : 'done' })
  }

  async results(results: readonly TaskResult[]): Promise<void> {
    const now = this.deps.clock.now()
    for (const { files, sent, skipped } of results) {
      this.totals.files += files
      this.totals.sent += sent
      this.totals.skipped += skipped
    }
    await applyResults(this.store, this.lease.job, this.lease.run, results, now)
    await this.closeBuckets(results, now)
    await this.feed()
  }

  progress(progress: SessionProgress): void {
    this.latest = progress
  }

  /** What this run moved, of tasks that were cut off by and large: files, bytes sent, and that were there already. */
  get moved(): Readonly<SessionRun['totals']> {
    const { files, sent, skipped } = this.totals
    const { latest } = this
    return {
      files,
      sent: Math.max(sent, latest.sent),
      skipped: Math.max(skipped, latest.bytes - latest.sent),
    }
  }

  endedAt(message: EndedMessage): void {
    if (message.reason === 'finished' && this.phase === 'over') return
    this.finish(endOutcome(message))
  }

  /** Tells both agents to drop tasks that are no longer wanted. */
  cancel(tasks: readonly string[]): void {
    for (let i = 0; i < tasks.length; i += perMessage) {
      this.sendBoth({ type: 'session.cancel', tasks: tasks.slice(i, i + perMessage) })
    }
    for (const bucket of this.buckets) for (const task of tasks) bucket.left.delete(task)
    this.dropEmptyBuckets()
    void this.feed()
  }

  async changeRate(): Promise<void> {
    this.sendBoth({ type: 'session.rate', rate: rateOf(await this.settings()) })
  }

  /** Ends the session at the agents; whoever calls has ended the run in the database. */
  stop(reason: string): void {
    if (this.phase === 'over') return
    this.phase = 'over'
    this.sendBoth({ type: 'session.stop', reason })
  }

  /** This process ends, and the run goes on without it: whoever comes next adopts it. */
  leave(): void {
    this.phase = 'over'
  }

  vanished(reason: Reason): void {
    this.finish({ kind: 'vanished', reason })
  }

  involves(client: string): boolean {
    return client === this.lease.source_client || client === this.lease.destination_client
  }

  isOver(): boolean {
    return this.phase === 'over'
  }

  private finish(outcome: Outcome): void {
    if (this.phase === 'over') return
    this.phase = 'over'
    if (outcome.kind === 'done') this.sendBoth({ type: 'session.finish' })
    else this.sendBoth({ type: 'session.stop', reason: outcome.kind })
    this.ended(this, outcome)
  }

  private tell(bucket: {
    readonly source: readonly SessionTask[]
    readonly destination: readonly SessionTask[]
  }): void {
    const { hub } = this.deps
    for (let i = 0; i < bucket.source.length; i += perMessage) {
      const slice = (tasks: readonly SessionTask[]) => tasks.slice(i, i + perMessage)
      const { source, destination } = endsOf(this.lease)
      const message = { type: 'session.tasks' as const, lease: this.lease.run }
      // The receiver first, so that it knows of a task when the sender speaks of it.
      const there = { ...message, session: destination.session, tasks: slice(bucket.destination) }
      hub.send(destination.client, there)
      hub.send(source.client, { ...message, session: source.session, tasks: slice(bucket.source) })
    }
  }

  private async describe({ connector, listener }: SessionPlan): Promise<string> {
    const hidden = (await seenByStandardUsers(this.store.db, [this.lease.job])).size > 0
    const nameOf = ({ code, type }: SessionPlan['listener']) =>
      hidden && type === agentTypes.server ? 'the server' : code
    return `${nameOf(connector)} connected to ${nameOf(listener)}`
  }

  private async note(message: string): Promise<void> {
    const { db, id } = this.store
    await writeLog(db, id, this.deps.clock.now(), { job: this.lease.job, message })
  }

  private sendBoth(message: Unaddressed): void {
    const { source, destination } = endsOf(this.lease)
    for (const { client, session } of [destination, source]) {
      this.deps.hub.send(client, { ...message, session, lease: this.lease.run })
    }
  }

  private async settings(): Promise<EffectiveSettings> {
    return await effectiveSettings(this.store.db, this.store.id, await this.job())
  }

  private async job(): Promise<Pick<JobRow, 'id' | 'parent' | 'dry_run'>> {
    return await this.store.db
      .selectFrom('job')
      .select(['id', 'parent', 'dry_run'])
      .where('id', '=', this.lease.job)
      .executeTakeFirstOrThrow()
  }

  private outstanding(): number {
    return this.buckets.reduce((sum, { left }) => sum + left.size, 0)
  }

  private noteBucket(tasks: readonly SessionTask[]): void {
    if (tasks.length === 0) return
    const ids = tasks.map(({ task }) => task)
    this.buckets.push({ since: this.deps.clock.now(), ids, left: new Set(ids) })
  }

  private async closeBuckets(results: readonly TaskResult[], now: number): Promise<void> {
    for (const bucket of this.buckets) {
      for (const { task } of results) bucket.left.delete(task)
      if (bucket.left.size > 0) continue
      // A clock that was set back makes no time negative.
      const time = Math.max(0, now - bucket.since)
      await this.store.db.updateTable('task').set({ time }).where('id', 'in', bucket.ids).execute()
    }
    this.dropEmptyBuckets()
  }

  private dropEmptyBuckets(): void {
    for (let i = this.buckets.length - 1; i >= 0; i--) {
      if (this.buckets[i]?.left.size === 0) this.buckets.splice(i, 1)
    }
  }
}

/** What an agent that could not open a session means for the job. */
function outcomeOf(thrown: unknown): Outcome {
  const error = toWaybillError(thrown)
  if (error.code === 'agent_offline')
    return { kind: 'vanished', reason: { code: 'W#J050', message: error.message } }
  if (error.code === 'unreachable' || error.code === 'timeout') {
    return { kind: 'broken', reason: { code: 'E#J004', message: error.message } }
  }
  return { kind: 'failed', reason: { code: 'E#J099', message: error.message } }
}

function endOutcome({ reason, code, message }: EndedMessage): Outcome {
  const words = {
    code: isReasonCode(code) ? code : ('E#J099' as const),
    message: message ?? `The session ended: ${reason}`,
  }
  if (reason === 'unreachable' || reason === 'lost' || reason === 'stopped' || reason === 'finished') {
    return { kind: 'broken', reason: words }
  }
  return { kind: 'failed', reason: words }
}
