import { EventEmitter } from 'node:events'
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
import type { Measured, MeasureItem } from '../scan/measure.js'
import type { DataCalls, FromWorker, WorkerData } from './calls.js'
import { Engine, type EngineOptions } from './engine.js'

export interface DataPlaneOptions extends EngineOptions {
  /** Run in this thread: for tests, and where sources are run that a worker could not load. */
  readonly inProcess?: boolean
}

export interface DataPlaneEvents {
  /** Twice a second for each session. */
  progress: [session: string, progress: SessionProgress]
  /** Tasks that came to their end; told by the receiving side only. */
  results: [session: string, results: TaskResult[]]
  /** Once for each session that was opened; nothing follows it. */
  ended: [session: string, end: SessionEnd]
}

/** Built files run in a worker; sources (tests) have none that Node could load. */
const workerUrl = import.meta.url.endsWith('.ts') ? undefined : new URL('./worker.js', import.meta.url)

/**
 * The agent's data plane, as its main thread sees it: sessions, their sockets and files live in a thread of
 * their own, so that heartbeats never wait for a disk. The thread starts at once; when it dies its sessions
 * end with `failed`, and a new one takes over.
 */
export class DataPlane extends EventEmitter<DataPlaneEvents> {
  readonly #calls: DataCalls & { terminate?(): Promise<void> }

  constructor(options: DataPlaneOptions = {}) {
    super()
    const { inProcess, ...engineOptions } = options
    const events = {
      progress: (session: string, progress: SessionProgress) => void this.emit('progress', session, progress),
      results: (session: string, results: TaskResult[]) => void this.emit('results', session, results),
      ended: (session: string, end: SessionEnd) => void this.emit('ended', session, end),
    }
    this.#calls =
      inProcess === true || workerUrl === undefined
        ? new Engine(events, engineOptions)
        : new DataThread(workerUrl, { options: engineOptions }, events)
  }

  /**
   * Opens this side of a session. A listener answers at once with its port, a connector with the negotiated
   * cipher once its connections stand. Rejects with `unreachable` when they cannot be had; `ended` tells why.
   */
  open(spec: SessionSpec): Promise<OpenResult> {
    return this.#calls.open(spec)
  }

  /** Gives a session tasks; both sides need each of them under the same index. */
  tasks(session: string, tasks: readonly SessionTask[]): void {
    this.#calls.tasks(session, tasks)
  }

  /** Takes tasks back, by their ids. The receiver reports them as cancelled. */
  cancel(session: string, tasks: readonly string[]): void {
    this.#calls.cancel(session, tasks)
  }

  /** Changes the limit of what this side sends, in bytes a second; -1 is none. Of no effect on a receiver. */
  rate(session: string, bytesPerSecond: number): void {
    this.#calls.rate(session, bytesPerSecond)
  }

  /** No more tasks will come: the session ends with `finished` when both sides were told and all is through. */
  finish(session: string): void {
    this.#calls.finish(session)
  }

  /** Ends a session now; large files that are not complete stay to be resumed. Resolves when it ended. */
  stop(session: string, reason: string): Promise<void> {
    return this.#calls.stop(session, reason)
  }

  /** Size and number of files of sources; one that is missing is an answer. */
  measure(items: readonly MeasureItem[]): Promise<Measured[]> {
    return this.#calls.measure(items)
  }

  /** Stops all sessions and the thread. */
  async close(): Promise<void> {
    await this.#calls.close()
  }
}

interface ThreadEvents {
  progress(session: string, progress: SessionProgress): void
  results(session: string, results: TaskResult[]): void
  ended(session: string, end: SessionEnd): void
}

/** The engine in a worker thread, with the same face. */
class DataThread implements DataCalls {
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
    const worker = new Worker(this.#url, { workerData: this.#data })
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
