import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import {
  isErrorCode,
  type OpenResult,
  type SessionEnd,
  type SessionProgress,
  type SessionSpec,
  type SessionTask,
  type TaskResult,
  WaybillError,
} from '@waybill/api'
import type { ManifestRange } from '../manifest/record.js'
import { fewerArenas } from '../platform/native.js'
import type { Measured, MeasureItem } from '../scan/measure.js'
import type { DataCalls, FromWorker, WorkerData } from './calls.js'

interface ThreadEvents {
  progress(session: string, progress: SessionProgress): void
  manifest(session: string, ranges: readonly ManifestRange[]): void
  results(session: string, results: TaskResult[]): void
  ended(session: string, end: SessionEnd): void
}

/** What is new and mostly gone soon: more is collected less often, and stands about longer; MB. */
const youngMb = 12
/** Of what lives on, the part that may become garbage before it is looked for; Node's own is up to three times all. */
const growthPercent = 25

/**
 * The engine in a worker thread, with the same face. When the thread dies, what was asked of it rejects, its sessions
 * end as `failed`, and a new thread takes over.
 */
export class DataThread implements DataCalls {
  readonly #url: URL
  readonly #data: WorkerData
  readonly #events: ThreadEvents
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >()
  readonly #sessions = new Set<string>()
  #worker: Worker
  #lastId = 0
  #closing = false

  constructor(url: URL, data: WorkerData, events: ThreadEvents) {
    this.#url = url
    this.#data = data
    this.#events = events
    // Both are of the whole process, and of no harm where they are not known.
    setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
    fewerArenas()
    this.#worker = this.#start()
  }

  open(spec: SessionSpec): Promise<OpenResult> {
    this.#sessions.add(spec.session)
    return this.#ask('open', [spec])
  }

  tasks(session: string, tasks: readonly SessionTask[]): void {
    this.#tell('tasks', [session, tasks])
  }

  cancel(session: string, tasks: readonly string[]): void {
    this.#tell('cancel', [session, tasks])
  }

  rate(session: string, bytesPerSecond: number): void {
    this.#tell('rate', [session, bytesPerSecond])
  }

  finish(session: string): void {
    this.#tell('finish', [session])
  }

  stop(session: string, reason: string): Promise<void> {
    return this.#ask('stop', [session, reason])
  }

  measure(items: readonly MeasureItem[]): Promise<Measured[]> {
    return this.#ask('measure', [items])
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#ask('close', [])
    await this.#worker.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#url, {
      workerData: this.#data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    })
    let cause = 'The data thread ended'
    worker.on('message', (message: FromWorker) => this.#message(message))
    worker.on('error', (error) => {
      cause = `The data thread broke: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.on('exit', () => this.#died(cause))
    return worker
  }

  #message(message: FromWorker): void {
    switch (message.type) {
      case 'reply':
        this.#waiting.get(message.id)?.resolve(message.result)
        this.#waiting.delete(message.id)
        return
      case 'failed': {
        const code = isErrorCode(message.code) ? message.code : 'internal'
        this.#waiting.get(message.id)?.reject(new WaybillError(code, message.message))
        this.#waiting.delete(message.id)
        return
      }
      case 'progress':
        this.#events.progress(message.session, message.progress)
        return
      case 'manifest':
        this.#events.manifest(message.session, message.ranges)
        return
      case 'results':
        this.#events.results(message.session, message.results)
        return
      case 'ended':
        this.#sessions.delete(message.session)
        this.#events.ended(message.session, message.end)
        return
    }
  }

  #died(message: string): void {
    const waiting = [...this.#waiting.values()]
    const sessions = [...this.#sessions]
    this.#waiting.clear()
    this.#sessions.clear()
    if (!this.#closing) this.#worker = this.#start()
    for (const { reject } of waiting) reject(new WaybillError('internal', message))
    for (const session of sessions) {
      this.#events.ended(session, { reason: 'failed', code: 'E#J099', message, cipher: null })
    }
  }

  #tell<M extends keyof DataCalls>(method: M, args: Parameters<DataCalls[M]>): void {
    this.#worker.postMessage({ id: 0, method, args })
  }

  #ask<M extends keyof DataCalls>(
    method: M,
    args: Parameters<DataCalls[M]>,
  ): Promise<Awaited<ReturnType<DataCalls[M]>>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      // The worker answers with what the method of the same name returns.
      const settle = resolve as (value: unknown) => void
      this.#waiting.set(id, { resolve: settle, reject })
      this.#worker.postMessage({ id, method, args })
    })
  }
}
