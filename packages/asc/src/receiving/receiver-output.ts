import type { Payload } from '../decoder.js'
import type { Patch } from '../delta/patch.js'
import type { BytePath } from '../paths.js'
import type { IncomingFile, IncomingTask, TaskOutcome } from './incoming.js'

/** What the receiving machine asks of its surroundings; each request is answered by a call of the session. */
export interface ReceiverOutput {
  /** Sends a frame on the control connection, in order. */
  send(frame: Buffer): void
  /** What is there of this entry? Answer: `wanted`, `skipped`, `compare`, `failed`, or `done` for a directory. */
  check(file: IncomingFile): void
  /**
   * Another name of the file that is at `path` of the same task by now. Answer: `skipped` once it is linked, or was;
   * where that cannot be, as to `check`.
   */
  link(file: IncomingFile, path: BytePath): void
  /** What was to be compared is another file: it is to be replaced. Answer: `wanted` or `failed`. */
  differs(file: IncomingFile): void
  /** A small file, verified. `data` is valid during the call only. Answer: `done` once durable, or `failed`. */
  store(file: IncomingFile, data: Buffer): void
  /** A verified chunk; `payload` holds `data` and is to be released. Answer: `written`, or `failed`. */
  write(
    file: IncomingFile,
    index: number,
    offset: number,
    data: Buffer,
    digest: Buffer,
    payload: Payload,
  ): void
  /**
   * A chunk is to be made of the older file that was told with `delta`, and the bytes of a patch; `payload` holds
   * these, and is to be released. Answer: `rebuilt`.
   */
  rebuild(file: IncomingFile, patch: Patch, payload: Payload): void
  /** Chunks of nothing but zeros, which are to read as such. Answer: `zeroed`, or `failed`. */
  zeros(file: IncomingFile, start: number, count: number): void
  /** Every chunk of a large file is written and verified. Answer: `done` once durable, or `failed`. */
  commit(file: IncomingFile): void
  /** The file failed or was dropped: close it, and keep what could be resumed when `keep`. */
  abandon(file: IncomingFile, keep: boolean): void
  /** A file is in its place: the sender's was stored there (`done`), or what was there will do (`skip`). */
  succeeded(file: IncomingFile, verdict: 'done' | 'skip'): void
  /** Every entry of the task is settled. Answer: `wrappedUp` once nothing of it is to be done any more. */
  wrapUp(task: IncomingTask): void
  /** The sender's answer to the oldest `ask` about the task. */
  lacking(task: IncomingTask, lacking: readonly boolean[], fault: Fault | undefined): void
  /** The task is settled. */
  over(outcome: TaskOutcome): void
  /** Nothing is left to do on either side. */
  finished(): void
}

/** What went wrong, as people see it. */
export interface Fault {
  readonly code: string
  readonly message: string
}
