import { EventEmitter } from 'node:events'
import type {
  OpenResult,
  SessionEnd,
  SessionProgress,
  SessionSpec,
  SessionTask,
  TaskResult,
} from '@waybill/api'
import { removeRecords } from '../manifest/old-records.js'
import type { ManifestRange } from '../manifest/record.js'
import type { Measured, MeasureItem } from '../scan/measure.js'
import type { DataCalls } from './calls.js'
import { Engine, type EngineOptions } from './engine.js'
import { DataThread } from './thread.js'

export interface DataPlaneOptions extends EngineOptions {
  /** Run in this thread: for tests, and where sources are run that a worker could not load. */
  readonly inProcess?: boolean
}

export interface DataPlaneEvents {
  /** Twice a second for each session. */
  progress: [session: string, progress: SessionProgress]
  /** Lines of the manifest of a session's job, in its record; before the results of their tasks. */
  manifest: [session: string, ranges: readonly ManifestRange[]]
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
  readonly #manifests: string | undefined

  constructor(options: DataPlaneOptions = {}) {
    super()
    const { inProcess, ...engineOptions } = options
    this.#manifests = options.manifests
    const events = {
      progress: (session: string, progress: SessionProgress) => void this.emit('progress', session, progress),
      manifest: (session: string, ranges: readonly ManifestRange[]) =>
        void this.emit('manifest', session, ranges),
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

  /** All of a job's files were told of: their records go. */
  forget(job: string): void {
    if (this.#manifests !== undefined) void removeRecords(this.#manifests, job)
  }

  /** Stops all sessions and the thread. */
  async close(): Promise<void> {
    await this.#calls.close()
  }
}
