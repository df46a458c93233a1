import type { SessionTask } from '@waybill/api'
import type { TaskOutcome } from '@waybill/asc'
import type { Manifest } from '../../manifest/manifest.js'
import type { Line } from '../delta/worth.js'
import type { Locks } from '../locks.js'

/** What the receiving side needs of its session. */
export interface ReceiveHost {
  send(frame: Buffer): void
  /** The link is to be paused while too much waits to be written, and resumed. */
  pause(paused: boolean): void
  over(task: SessionTask, outcome: TaskOutcome): void
  finished(): void
  /** Whether control frames pile up. */
  isCongested(): boolean
  line(): Promise<Line>
  /** Targets that are written to by any session of this process. */
  readonly locks: Locks
  /** Where what arrived is written down; undefined where nobody keeps that. */
  readonly manifest: Manifest | undefined
}
