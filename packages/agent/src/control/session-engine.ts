import type {
  MeasureResult,
  OpenResult,
  RequestArgs,
  SessionEnd,
  SessionProgress,
  SessionSpec,
  SessionTask,
  TaskResult,
} from '@waybill/api'
import type { ManifestRange } from '../manifest/record.js'

/**
 * What moves the bytes, as the control side of the agent sees it. Sessions are named by their id; leases,
 * repeated requests and lost lines are dealt with before a call gets here, so each session is opened once.
 */
export interface SessionEngine {
  /**
   * Listens or connects. Rejects when the link cannot be made; `ended` may tell so as well, before it rejects.
   * `stop` may be called while it is still at it, and makes it reject.
   */
  open(spec: SessionSpec): Promise<OpenResult>
  /** More tasks for an open session, in order. Does nothing for a session that has ended; as all below. */
  tasks(session: string, tasks: readonly SessionTask[]): void
  /** Takes tasks back: those not begun and those under way are reported as `cancelled`. */
  cancel(session: string, tasks: readonly string[]): void
  /** Bytes a second from now on; -1 is no limit. */
  rate(session: string, rate: number): void
  /** No more tasks will come: ends when the last is through. */
  finish(session: string): void
  /** Ends now; temporary files stay, for a later session to resume from. Resolves when it has ended. */
  stop(session: string, reason: string): Promise<void>
  /** Sizes of sources. A missing source is an answer. */
  measure(items: RequestArgs<'measure'>['items']): Promise<MeasureResult['items']>
  /** All of a job's files were told of: what is kept here for its next run goes. */
  forget(job: string): void
  /** Stops every session and closes every socket and file. */
  close(): Promise<void>
}

/** What an engine tells. */
export interface SessionEvents {
  progress(session: string, progress: SessionProgress): void
  /** Lines of the manifest of a session's job, in the order in which they were written down. */
  manifest(session: string, ranges: readonly ManifestRange[]): void
  /** Each task's result once, from its receiver. */
  results(session: string, results: readonly TaskResult[]): void
  /** Once for each session that was opened; nothing of it comes after, and its files are closed. */
  ended(session: string, end: SessionEnd): void
}

export type Log = (level: 'info' | 'warning' | 'error', message: string) => void

export type EngineFactory = (events: SessionEvents, log: Log) => SessionEngine
