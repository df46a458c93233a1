import {
  type FromAgent,
  parseMessage,
  type SessionEnd,
  sessionEnd,
  type TaskResult,
  taskResult,
} from '@waybill/api'
import { manifestPiece } from '../../manifest/piece.js'
import type { ManifestRange } from '../../manifest/record.js'

export type Report = Extract<FromAgent, { type: 'session.manifest' | 'session.results' | 'session.ended' }>

/** Reports on their way at a time: more wait, and results that wait travel together. */
const inFlight = 4
/** Bytes and results of one report; the line takes 4 MiB. */
const maxBytes = 1024 * 1024
const maxResults = 500
const maxDetails = 256 * 1024

/**
 * What the control plane must be told of one session, in order and until it says that it knows. Survives the
 * line: whatever was not acknowledged is sent again over the next one, under the same numbers.
 */
export class Outbox {
  private seq = 0
  private manifest: ManifestRange[] = []
  private results: { readonly result: TaskResult; readonly bytes: number }[] = []
  private end: SessionEnd | undefined
  /** Numbered and not acknowledged; the first `sent` of them are on their way over the present line. */
  private unacknowledged: Report[] = []
  private sent = 0
  private waiting: (() => void)[] = []

  constructor(
    private readonly session: string,
    private readonly lease: number,
    private readonly job: string,
  ) {}

  /** Told before all results that are added later, and read when its turn comes. */
  addManifest(ranges: readonly ManifestRange[]): void {
    this.manifest.push(...ranges)
  }

  addResults(results: readonly TaskResult[]): void {
    this.results.push(...results.map(sound))
  }

  addEnd(end: SessionEnd): void {
    this.end = parseMessage(sessionEnd, JSON.stringify(end)) ?? {
      reason: 'failed',
      code: 'E#J099',
      message: 'The agent ended the session without a sound reason',
      cipher: null,
    }
  }

  /** Whether there is nothing left to tell, and nothing on its way. */
  get empty(): boolean {
    const { manifest, results } = this
    return (
      manifest.length === 0 &&
      results.length === 0 &&
      this.end === undefined &&
      this.unacknowledged.length === 0
    )
  }

  /** A new line: everything unacknowledged goes again. */
  rewind(): void {
    this.sent = 0
  }

  acknowledge(seq: number): void {
    const at = this.unacknowledged.findIndex((report) => report.seq === seq)
    if (at === -1) return
    this.unacknowledged.splice(at, 1)
    if (at < this.sent) this.sent -= 1
    if (!this.empty) return
    for (const told of this.waiting.splice(0)) told()
  }

  /** Resolves when all that is known by then is acknowledged. */
  async told(): Promise<void> {
    if (this.empty) return
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
    })
  }

  /** Sends what may be sent now. `send` answers false when the line is gone. */
  flush(send: (report: Report) => boolean): void {
    for (;;) {
      if (this.sent >= inFlight) return
      const report = this.unacknowledged[this.sent] ?? this.next()
      if (report === undefined || !send(report)) return
      this.sent += 1
    }
  }

  /** Numbers the next report; from now on it stays as it is. */
  private next(): Report | undefined {
    const { session, lease, job } = this
    const range = this.manifest.shift()
    const results = range === undefined ? this.takeResults() : []
    let report: Report | undefined
    if (range !== undefined) {
      const lines = manifestPiece(range)
      report = { type: 'session.manifest', session, lease, seq: this.seq + 1, job, lines }
    } else if (results.length > 0) {
      report = { type: 'session.results', session, lease, seq: this.seq + 1, results }
    } else if (this.end !== undefined) {
      report = { type: 'session.ended', session, lease, seq: this.seq + 1, ...this.end }
      this.end = undefined
    }
    if (report === undefined) return undefined
    this.seq += 1
    this.unacknowledged.push(report)
    return report
  }

  private takeResults(): TaskResult[] {
    let bytes = 0
    let count = 0
    for (const next of this.results) {
      if (count >= maxResults || (count > 0 && bytes + next.bytes > maxBytes)) break
      bytes += next.bytes
      count += 1
    }
    return this.results.splice(0, count).map(({ result }) => result)
  }
}

/**
 * A result as it will pass: one that the control plane would not take for what it is would break the line
 * again and again. Details that are too long are left out from the end.
 */
function sound(result: TaskResult): { result: TaskResult; bytes: number } {
  let text = JSON.stringify(result)
  const details = result.details.slice(0, 100)
  while (details.length > 0 && Buffer.byteLength(text) > maxDetails) {
    details.pop()
    text = JSON.stringify({ ...result, details })
  }
  const parsed = parseMessage(taskResult, text)
  if (parsed !== undefined && Buffer.byteLength(text) <= maxDetails) {
    return { result: parsed, bytes: Buffer.byteLength(text) }
  }
  const nothing = { size: 0, sent: 0, skipped: 0, files: 0, time: 0, details: [] }
  const message = 'The agent reported something unsound of this task'
  const failed = { ...nothing, task: result.task, status: 'failed', code: 'E#J099', message } as const
  return { result: failed, bytes: 500 }
}
