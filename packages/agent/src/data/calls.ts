import type {
  OpenResult,
  SessionEnd,
  SessionProgress,
  SessionSpec,
  SessionTask,
  TaskResult,
} from '@waybill/api'
import type { ManifestRange } from '../manifest/record.js'
import type { Measured, MeasureItem } from '../scan/measure.js'
import type { EngineOptions } from './engine.js'

/** What the main thread may ask of the data thread, with the answers. */
export interface DataCalls {
  open(spec: SessionSpec): Promise<OpenResult>
  tasks(session: string, tasks: readonly SessionTask[]): void
  cancel(session: string, tasks: readonly string[]): void
  rate(session: string, bytesPerSecond: number): void
  finish(session: string): void
  stop(session: string, reason: string): Promise<void>
  measure(items: readonly MeasureItem[]): Promise<Measured[]>
  close(): Promise<void>
}

/** Messages between the two threads. Ours alone, so they are typed, not checked. */
export type ToWorker = {
  [M in keyof DataCalls]: { id: number; method: M; args: Parameters<DataCalls[M]> }
}[keyof DataCalls]

export type FromWorker =
  | { type: 'reply'; id: number; result: unknown }
  | { type: 'failed'; id: number; code: string; message: string }
  | { type: 'progress'; session: string; progress: SessionProgress }
  | { type: 'manifest'; session: string; ranges: readonly ManifestRange[] }
  | { type: 'results'; session: string; results: TaskResult[] }
  | { type: 'ended'; session: string; end: SessionEnd }

export interface WorkerData {
  readonly options: EngineOptions
}
