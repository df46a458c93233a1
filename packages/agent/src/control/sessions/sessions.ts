import {
  type FromAgent,
  type OpenResult,
  type SessionEnd,
  type SessionProgress,
  type SessionSpec,
  type TaskResult,
  type ToAgent,
  WaybillError,
} from '@waybill/api'
import type { ManifestRange } from '../../manifest/record.js'
import type { EngineFactory, Log, SessionEngine, SessionEvents } from '../session-engine.js'
import { Leases } from './leases.js'
import { Session } from './session.js'

export interface SessionsTiming {
  /** Between two reports of progress, milliseconds. */
  readonly progress: number
  /** How long a session that was replaced may take to close its files. */
  readonly replace: number
  /** Without a line for this long, sessions end when they have done what they were given. */
  readonly orphan: number
}

export const sessionsTiming: SessionsTiming = { progress: 500, replace: 5000, orphan: 3_600_000 }

export type SessionMessage = Extract<ToAgent, { session: string }>

type Send = (message: FromAgent) => boolean

/**
 * The sessions of this agent, between the line and the engine. Sees to it that of each job only the latest run
 * is obeyed, that messages reach a session in order, and that what it reports outlives the line.
 */
export class Sessions implements SessionEvents {
  readonly engine: SessionEngine
  private readonly sessions = new Map<string, Session>()
  private readonly leases = new Leases()
  private send: Send | undefined
  private progressTimer: NodeJS.Timeout | undefined
  private flushing = false
  private orphaned: NodeJS.Timeout | undefined

  constructor(
    makeEngine: EngineFactory,
    private readonly log: Log,
    private readonly timing: SessionsTiming = sessionsTiming,
  ) {
    this.engine = makeEngine(this, log)
  }

  /** Opens a session, once however often it is asked. Rejects with `conflict` when a later run was seen. */
  async open(spec: SessionSpec): Promise<OpenResult> {
    const known = this.sessions.get(spec.session)
    if (known?.lease === spec.lease) return await known.opened
    if (known !== undefined || !this.leases.take(spec.job, spec.lease)) throw superseded()
    const older = [...this.sessions.values()].filter(({ job }) => job === spec.job)
    const session = new Session(spec)
    this.sessions.set(session.id, session)
    for (const other of older) this.drop(other, 'A later run of this job begins')
    session.opened = this.begin(session, spec, older)
    return await session.opened
  }

  private async begin(session: Session, spec: SessionSpec, older: readonly Session[]): Promise<OpenResult> {
    try {
      // Both would write to the same temporary files.
      await within(Promise.all(older.map(({ over }) => over)), this.timing.replace)
      if (session.phase !== 'before') throw superseded()
      session.phase = 'opening'
      const result = await this.engine.open(spec)
      if (session.isOver()) throw new WaybillError('unreachable', 'The session ended before it began')
      session.phase = 'open'
      this.log(
        'info',
        `Session ${session.id} of job ${session.job}: open, ${spec.role}s (run ${session.lease})`,
      )
      return result
    } catch (error) {
      session.finish()
      this.sessions.delete(session.id)
      throw error
    }
  }

  /** A message about one session. Of another run than the one that is known, it is ignored. */
  handle(message: SessionMessage): void {
    const session = this.sessions.get(message.session)
    if (session === undefined || session.lease !== message.lease || session.dropped) return
    switch (message.type) {
      case 'ack':
        session.outbox.acknowledge(message.seq)
        this.forgetIfDone(session)
        this.flushSoon()
        break
      case 'session.stop':
        this.stop(session, message.reason)
        break
      case 'session.tasks':
        this.whenOpen(session, () => this.engine.tasks(session.id, message.tasks))
        break
      case 'session.cancel':
        this.whenOpen(session, () => this.engine.cancel(session.id, message.tasks))
        break
      case 'session.rate':
        this.whenOpen(session, () => this.engine.rate(session.id, message.rate))
        break
      case 'session.finish':
        this.whenOpen(session, () => this.engine.finish(session.id))
        break
    }
  }

  /** Sessions that are alive, or have something to tell. */
  list(): { session: string; lease: number }[] {
    const wanted = [...this.sessions.values()].filter(({ dropped }) => !dropped)
    return wanted.map(({ id, lease }) => ({ session: id, lease }))
  }

  /** A line stands: forgets what the control plane wants no more of, and tells the rest again. */
  attach(send: Send, drop: readonly { session: string; lease: number }[]): void {
    clearTimeout(this.orphaned)
    for (const { session: id, lease } of drop) {
      const session = this.sessions.get(id)
      if (session?.lease === lease) this.drop(session, 'The control plane wants it no more')
    }
    this.send = send
    for (const session of this.sessions.values()) session.outbox.rewind()
    this.flushSoon()
    this.sendProgress()
  }

  /** The line is gone: sessions go on. */
  detach(): void {
    this.send = undefined
    clearTimeout(this.orphaned)
    this.orphaned = setTimeout(() => {
      for (const session of this.sessions.values()) {
        if (session.phase !== 'over') this.whenOpen(session, () => this.engine.finish(session.id))
      }
    }, this.timing.orphan)
    this.orphaned.unref()
  }

  /** Stops all; resolves when all is told, or after `patience` milliseconds. */
  async close(patience: number): Promise<void> {
    await within(this.engine.close(), patience).catch((error: unknown) => {
      this.log('error', `Sessions could not be closed: ${String(error)}`)
    })
    const told = [...this.sessions.values()].map((session) => session.outbox.told())
    this.flush()
    if (this.send !== undefined) await within(Promise.all(told), patience)
    clearTimeout(this.orphaned)
    clearTimeout(this.progressTimer)
    this.send = undefined
  }

  progress(id: string, progress: SessionProgress): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.phase === 'over') return
    session.progress = progress
    if (this.progressTimer === undefined) this.sendProgress()
  }

  manifest(id: string, ranges: readonly ManifestRange[]): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.dropped) return
    session.outbox.addManifest(ranges)
    this.flushSoon()
  }

  results(id: string, results: readonly TaskResult[]): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.dropped) return
    session.unfinished ||= results.some(({ status }) => status !== 'done')
    session.outbox.addResults(results)
    this.flushSoon()
  }

  ended(id: string, end: SessionEnd): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.phase === 'over') return
    // While it is being opened, the answer to that request tells it.
    const told = session.phase === 'opening'
    session.finish()
    if (told) return
    const words = end.message === null ? end.reason : `${end.reason}: ${end.message}`
    this.log('info', `Session ${id} of job ${session.job}: ended, ${words}`)
    if (session.dropped) {
      this.sessions.delete(id)
    } else {
      session.unfinished ||= end.reason !== 'finished'
      session.outbox.addEnd(end)
      this.flushSoon()
    }
  }

  /** Messages that arrive while it is being opened wait for that, and keep their order. */
  private whenOpen(session: Session, work: () => void): void {
    session.opened
      .then(() => {
        if (session.phase === 'open') work()
      })
      .catch((error: unknown) => {
        if (session.phase === 'open') this.log('error', `Session ${session.id}: ${String(error)}`)
      })
  }

  private stop(session: Session, reason: string): void {
    if (session.phase === 'before') session.finish()
    else if (session.phase !== 'over') {
      this.engine.stop(session.id, reason).catch((error: unknown) => {
        this.log('error', `Session ${session.id} could not be stopped: ${String(error)}`)
      })
    }
  }

  private drop(session: Session, reason: string): void {
    session.dropped = true
    const live = session.phase !== 'over'
    if (live) this.stop(session, reason)
    else this.sessions.delete(session.id)
  }

  private forgetIfDone(session: Session): void {
    if (session.phase !== 'over' || !session.outbox.empty) return
    this.sessions.delete(session.id)
    if (!session.unfinished) this.engine.forget(session.job)
  }

  /** Results that come in one after the other travel together. */
  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    setImmediate(() => {
      this.flushing = false
      this.flush()
    })
  }

  private flush(): void {
    const { send } = this
    if (send === undefined) return
    for (const session of this.sessions.values()) if (!session.dropped) session.outbox.flush(send)
  }

  private sendProgress(): void {
    clearTimeout(this.progressTimer)
    this.progressTimer = undefined
    const { send } = this
    if (send === undefined) return
    let any = false
    for (const { id, lease, progress, dropped } of this.sessions.values()) {
      if (progress === undefined || dropped) continue
      any = send({ type: 'session.progress', session: id, lease, ...progress }) || any
    }
    for (const session of this.sessions.values()) session.progress = undefined
    if (any) this.progressTimer = setTimeout(() => this.sendProgress(), this.timing.progress).unref()
  }
}

function superseded(): WaybillError {
  return new WaybillError('conflict', 'A later run of this job has begun, or this one is over')
}

async function within(work: Promise<unknown>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, patience)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
