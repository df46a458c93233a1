import type { SessionEnd, SessionProgress, SessionSpec, SessionTask, TaskResult } from '@waybill/api'
import { type ControlFrame, type Payload, ProtocolError, type TaskOutcome } from '@waybill/asc'
import type { Locks } from '../transfer/locks.js'
import { Receive } from '../transfer/receive.js'
import { Send } from '../transfer/send.js'
import type { BufferPool } from '../transport/buffers.js'
import { Link, LinkFailure } from '../transport/link.js'
import { TokenBucket } from '../transport/token-bucket.js'
import { Speed } from './speed.js'

export interface SessionEvents {
  progress(session: string, progress: SessionProgress): void
  results(session: string, results: TaskResult[]): void
  ended(session: string, end: SessionEnd): void
}

export interface SessionShared {
  readonly pool: BufferPool
  readonly locks: Locks
  readonly silenceMs: number
}

/** Results gather for at most this long; milliseconds. */
const resultsMs = 100
const progressMs = 500
/** Tasks that one progress report lists. */
const maxExecuting = 200

/** One session on this side: a link, and the sending or receiving half that works over it. */
export class Session {
  readonly id: string
  readonly link: Link
  /** The cipher that was negotiated, once the link stands. */
  cipher: string | null = null
  readonly #events: SessionEvents
  readonly #bucket: TokenBucket
  readonly #send: Send | undefined
  readonly #receive: Receive | undefined
  readonly #speed = new Speed(performance.now())
  readonly #progress: NodeJS.Timeout
  #results: TaskResult[] = []
  #flushed = 0
  #resultsTimer: NodeJS.Timeout | undefined
  #end: SessionEnd | undefined
  #over: Promise<void> | undefined

  constructor(spec: SessionSpec, shared: SessionShared, events: SessionEvents) {
    this.id = spec.session
    this.#events = events
    this.#bucket = new TokenBucket(spec.rate)
    this.link = new Link(
      {
        role: spec.role,
        total: spec.connections,
        silenceMs: shared.silenceMs,
        pool: shared.pool,
        bucket: this.#bucket,
      },
      {
        control: (frame) => this.#control(frame),
        data: (type, payload) => this.#data(type, payload),
        drained: () => this.#drained(),
        room: () => this.#send?.plan(),
        down: (error) => this.#down(error),
      },
    )
    const host = {
      send: (frame: Buffer) => this.link.control(frame),
      finished: () => this.#finished(),
    }
    if (spec.role === 'send') {
      const { link } = this
      this.#send = new Send({
        ...host,
        pool: shared.pool,
        slot: () => link.slot(),
        get congested() {
          return link.congested
        },
      })
    } else {
      this.#receive = new Receive({
        ...host,
        locks: shared.locks,
        pause: (paused) => this.link.pause(paused),
        over: (task, outcome) => this.#taskOver(task, outcome),
      })
    }
    this.#progress = setInterval(() => this.#report(), progressMs)
  }

  tasks(tasks: readonly SessionTask[]): void {
    if (this.#end !== undefined) return
    this.#send?.offer(tasks)
    this.#receive?.offer(tasks)
  }

  /** Takes tasks back; their receiver reports them as cancelled. */
  cancel(ids: ReadonlySet<string>): void {
    if (this.#end !== undefined) return
    this.#send?.cancel(ids)
    this.#receive?.cancel(ids)
  }

  /** Bytes a second for what this side sends; negative is no limit. */
  rate(bytesPerSecond: number): void {
    this.#bucket.setRate(bytesPerSecond)
    this.link.pace()
  }

  finish(): void {
    if (this.#end !== undefined) return
    this.#send?.session.finish()
    this.#receive?.session.finish()
  }

  /** Ends the session at once. Resolves when all files are closed and the end was reported. */
  async stop(end: Omit<SessionEnd, 'cipher'>): Promise<void> {
    if (this.#end === undefined) {
      this.#end = { ...end, cipher: this.cipher }
      if (end.reason === 'finished') this.link.close()
      else this.link.stop(end.code ?? '', end.message ?? '')
    }
    await this.#over
  }

  #finished(): void {
    void this.stop({ reason: 'finished', code: null, message: null })
  }

  #control(frame: ControlFrame): void {
    if (frame.type === 'stop') {
      this.#stopped(frame.code, frame.message)
    } else {
      this.#send?.session.receive(frame)
      this.#receive?.session.receive(frame)
    }
  }

  /** The peer ended it: on request when it names no code, else because something is wrong. */
  #stopped(code: string, message: string): void {
    const reason = code === '' ? 'stopped' : 'failed'
    void this.stop({ reason, code: code || null, message: message || null })
  }

  #data(type: number, payload: Payload): void {
    this.#receive?.session.data(type, payload)
    if (this.#receive === undefined) throw new Error('A receiver sends no data')
  }

  #drained(): void {
    this.#receive?.planFlush()
    this.#send?.plan()
  }

  #down(error: Error | undefined): void {
    this.#over ??= this.#close(error)
  }

  async #close(error: Error | undefined): Promise<void> {
    clearInterval(this.#progress)
    this.#end ??= endOf(error, this.cipher)
    this.#send?.close()
    await this.#receive?.close()
    this.#report()
    this.#flushResults()
    this.#events.ended(this.id, this.#end)
  }

  #taskOver(task: SessionTask, outcome: TaskOutcome): void {
    const { index: _index, details, ...rest } = outcome
    this.#results.push({ task: task.task, ...rest, details: [...details] })
    // One by itself goes at once; many go in batches.
    const wait = performance.now() - this.#flushed > resultsMs ? 1 : resultsMs
    this.#resultsTimer ??= setTimeout(() => this.#flushResults(), wait)
  }

  #flushResults(): void {
    clearTimeout(this.#resultsTimer)
    this.#resultsTimer = undefined
    if (this.#results.length === 0) return
    const results = this.#results
    this.#results = []
    this.#flushed = performance.now()
    this.#events.results(this.id, results)
  }

  #report(): void {
    const side = this.#receive ?? this.#send
    if (side === undefined) return
    const { bytes, sent, files } = this.#receive?.session ?? this.#send ?? { bytes: 0, sent: 0, files: 0 }
    const executing = []
    for (const item of side.executing()) {
      if (executing.push(item) >= maxExecuting) break
    }
    const speed = this.#speed.add(performance.now(), sent)
    this.#events.progress(this.id, { bytes, sent, files, speed, executing })
  }
}

/** What it means for the session that its link went down. */
function endOf(error: Error | undefined, cipher: string | null): SessionEnd {
  if (error === undefined) return { reason: 'stopped', code: null, message: null, cipher }
  if (error instanceof LinkFailure) {
    return { reason: 'failed', code: error.code, message: error.message, cipher }
  }
  if (error instanceof ProtocolError) {
    return { reason: 'failed', code: 'E#J099', message: error.message, cipher }
  }
  return { reason: 'lost', code: 'E#J004', message: error.message, cipher }
}
