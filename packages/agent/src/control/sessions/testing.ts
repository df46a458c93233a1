import type { MeasureResult, OpenResult, SessionSpec, SessionTask, TaskResult } from '@waybill/api'
import type { SessionEngine, SessionEvents } from '../session-engine.js'

/** An engine that moves nothing: it writes down what it is told, and tests play its part. */
export class IdleEngine implements SessionEngine {
  readonly calls: string[] = []
  readonly specs: SessionSpec[] = []
  /** What `open` does; tests may hold it up. */
  opening: (spec: SessionSpec) => Promise<OpenResult> = () => Promise.resolve({ port: 45190, cipher: null })
  /** Whether `stop` ends the session at once. */
  obedient = true
  private readonly live = new Set<string>()

  constructor(readonly events: SessionEvents) {}

  async open(spec: SessionSpec): Promise<OpenResult> {
    this.calls.push(`open ${spec.session}`)
    this.specs.push(spec)
    const result = await this.opening(spec)
    this.live.add(spec.session)
    return result
  }
  tasks(session: string, tasks: readonly SessionTask[]): void {
    this.calls.push(`tasks ${session} ${tasks.map(({ task }) => task).join(',')}`)
  }
  cancel(session: string, tasks: readonly string[]): void {
    this.calls.push(`cancel ${session} ${tasks.join(',')}`)
  }
  rate(session: string, rate: number): void {
    this.calls.push(`rate ${session} ${rate}`)
  }
  finish(session: string): void {
    this.calls.push(`finish ${session}`)
  }
  stop(session: string, reason: string): Promise<void> {
    this.calls.push(`stop ${session}`)
    if (this.obedient) this.end(session, reason)
    return Promise.resolve()
  }
  readonly forgotten: string[] = []
  forget(job: string): void {
    this.forgotten.push(job)
  }
  measure(): Promise<MeasureResult['items']> {
    return Promise.resolve([])
  }
  close(): Promise<void> {
    for (const session of [...this.live]) this.end(session, 'The agent stops')
    return Promise.resolve()
  }

  end(session: string, message: string | null = null): void {
    if (!this.live.delete(session)) return
    const reason = message === null ? 'finished' : 'stopped'
    this.events.ended(session, { reason, code: null, message, cipher: null })
  }
}

export function testSpec(session: string, lease: number, job = 'job'): SessionSpec {
  return {
    session,
    lease,
    job,
    role: 'receive',
    link: { kind: 'listen', ports: [45190, 45209] },
    identity: session,
    key: Buffer.alloc(32).toString('base64'),
    cipher: 'aes128',
    connections: 1,
    rate: -1,
  }
}

export function testResult(task: string): TaskResult {
  const numbers = { size: 1, sent: 1, skipped: 0, files: 1, time: 1 }
  return { task, status: 'done', ...numbers, code: null, message: null, details: [] }
}
