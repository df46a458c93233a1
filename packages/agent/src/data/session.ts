import type { SessionEnd, SessionProgress, SessionSpec, SessionTask, TaskResult } from '@waybill/api'
import type { ControlFrame, Payload, TaskOutcome } from '@waybill/asc'
import { Manifest } from '../manifest/manifest.js'
import type { ManifestRange } from '../manifest/record.js'
import type { LinkFault } from '../network/faults.js'
import type { Network } from '../network/network.js'
import type { NetworkLink } from '../network/network-link.js'
import type { Locks } from '../transfer/locks.js'
import { Receive } from '../transfer/receive.js'
import { Send } from '../transfer/send.js'
import type { BufferPool } from '../transport/buffers.js'
import { Speed } from './speed.js'

export interface SessionEvents {
  progress(session: string, progress: SessionProgress): void
  /** Files of the job's manifest that were written down; before the results of their tasks. */
  manifest(session: string, ranges: readonly ManifestRange[]): void
  results(session: string, results: TaskResult[]): void
  ended(session: string, end: SessionEnd): void
}

export interface SessionShared {
  readonly pool: BufferPool
  readonly locks: Locks
  readonly network: Network
  /** Directory for the records of manifests; without one there are none. */
  readonly manifests: string | undefined
  readonly restMs: number | undefined
}

/** Results gather for at most this long; milliseconds. */
const resultsMs = 100
const progressMs = 500
/** Tasks that one progress report lists. */
const maxExecuting = 200

/** One session on this side: a link, and the sending or receiving half that works over it. */
export class Session {
  readonly id: string
  readonly link: NetworkLink
  /** The cipher that was negotiated, once the link stands. */
  cipher: string | null = null
  readonly #events: SessionEvents
  readonly #send: Send | undefined
  readonly #receive: Receive | undefined
  readonly #manifest: Manifest | undefined
  readonly #speed = new Speed(performance.now())
  readonly #progress: NodeJS.Timeout
  #results: TaskResult[] = []
  #rate: number
  #flushed = 0
  #resultsTimer: NodeJS.Timeout | undefined
  #end: SessionEnd | undefined
  #over: Promise<void> | undefined

  constructor(spec: SessionSpec, shared: SessionShared, events: SessionEvents) {
    this.id = spec.session
    this.#rate = spec.rate
    this.#events = events
    this.link = shared.network.open(spec, {
      stands: (cipher) => {
        this.cipher = cipher
      },
      control: (frame) => this.#control(frame),
      data: (type, payload) => this.#data(type, payload),
      drained: () => this.#drained(),
      room: () => this.#send?.plan(),
      down: (fault) => this.#down(fault),
    })
    const { link } = this
    const host = {
      send: (frame: Buffer) => link.control(frame),
      finished: () => this.#finished(),
      isCongested: () => link.congested,
    }
    if (spec.role === 'send') {
      const { pool, restMs } = shared
      this.#send = new Send({ ...host, pool, restMs, slot: () => link.slot() })
    } else {
      const { manifests, locks } = shared
      this.#manifest = manifests === undefined ? undefined : new Manifest(manifests, spec.job, spec.lease)
      this.#receive = new Receive({
        ...host,
        locks,
        manifest: this.#manifest,
        pause: (paused) => link.pause(paused),
        line: async () => ({ roundTrip: await link.roundTrip, rate: this.#rate }),
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
    this.#rate = bytesPerSecond
    this.link.rate(bytesPerSecond)
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

  /** Resolves when it ended; only to be waited for once its link is down. */
  get ended(): Promise<void> {
    return this.#over ?? Promise.resolve()
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

  #down(fault: LinkFault | undefined): void {
    this.#over ??= this.#close(fault)
  }

  async #close(fault: LinkFault | undefined): Promise<void> {
    clearInterval(this.#progress)
    this.#end ??= endOf(fault, this.cipher)
    this.#send?.close()
    await this.#receive?.close()
    this.#report()
    this.#flushResults()
    await this.#manifest?.close()
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
    this.#flushManifest()
    const results = this.#results
    this.#results = []
    this.#flushed = performance.now()
    this.#events.results(this.id, results)
  }

  #flushManifest(): void {
    const ranges = this.#manifest?.take() ?? []
    if (ranges.length > 0) this.#events.manifest(this.id, ranges)
  }

  #report(): void {
    this.#flushManifest()
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
function endOf(fault: LinkFault | undefined, cipher: string | null): SessionEnd {
  return { ...(fault ?? { reason: 'stopped', code: null, message: null }), cipher }
}
