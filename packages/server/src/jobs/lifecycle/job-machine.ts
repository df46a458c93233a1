import type { JobStatus, WritableJobStatus } from '@waybill/api'

/**
 * The life of a transfer.
 *
 *   init ──measured──▶ waiting ──start──▶ running ──complete──▶ done
 *                        ▲  ▲               │ │
 *                        │  └────yield──────┘ ├──fail──▶ failed ──retry──▶ waiting
 *                        │                    └──hold──▶ paused ──release─▶ waiting
 *                        └─resume─ paused, failed, aborted, done        (somebody says so)
 *                        └─revive─ done, aborted, failed                (new tasks)
 *
 * `yield`: the session ended before the work did - an endpoint vanished, or a more urgent job took over.
 * `hold`/`release`: all that is left is on hold, or no longer. `pause`, `abort`, `finish`, `resume` are people's.
 */
export const jobMachine = {
  measured: { from: ['init'], to: 'waiting' },
  defer: { from: ['init'], to: 'waiting' },
  start: { from: ['waiting'], to: 'running' },
  yield: { from: ['running'], to: 'waiting' },
  complete: { from: ['init', 'waiting', 'running', 'paused', 'failed'], to: 'done' },
  fail: { from: ['init', 'waiting', 'running', 'paused'], to: 'failed' },
  hold: { from: ['init', 'waiting', 'running', 'failed'], to: 'paused' },
  release: { from: ['paused'], to: 'waiting' },
  retry: { from: ['failed'], to: 'waiting' },
  revive: { from: ['done', 'aborted', 'failed'], to: 'waiting' },
  resume: { from: ['paused', 'failed', 'aborted', 'done'], to: 'waiting' },
  pause: { from: ['init', 'waiting', 'running', 'failed', 'paused'], to: 'paused' },
  abort: { from: ['init', 'waiting', 'running', 'failed', 'paused'], to: 'aborted' },
  finish: { from: ['init', 'waiting', 'running', 'failed', 'paused', 'aborted'], to: 'done' },
} as const satisfies Record<string, { readonly from: readonly JobStatus[]; readonly to: JobStatus }>

export type JobTrigger = keyof typeof jobMachine

/** The trigger behind each status that a person may set. */
export const triggerOfWrite = {
  waiting: 'resume',
  paused: 'pause',
  aborted: 'abort',
  done: 'finish',
} as const satisfies Record<WritableJobStatus, JobTrigger>

/** The state after `trigger`, or undefined where the machine has no such way. */
export function nextJobStatus(status: JobStatus, trigger: JobTrigger): JobStatus | undefined {
  const { from, to }: { from: readonly JobStatus[]; to: JobStatus } = jobMachine[trigger]
  return from.includes(status) ? to : undefined
}

/** Done and aborted jobs are finished: no longer in the live population. */
export function isFinished(status: JobStatus): boolean {
  return status === 'done' || status === 'aborted'
}

/** How many tasks are in which state; lives on the job's row. */
export interface TaskCounts {
  readonly pending: number
  readonly queued: number
  readonly booting: number
  readonly executing: number
  readonly failed: number
  readonly onhold: number
  readonly excluded: number
  readonly done: number
}

/** What the tasks of a job that is not finished say about it: undefined while there is something to do. */
export function verdict(counts: TaskCounts): 'complete' | 'fail' | 'hold' | undefined {
  if (counts.pending + counts.queued + counts.booting + counts.executing > 0) return undefined
  if (counts.failed > 0) return 'fail'
  if (counts.onhold > 0) return 'hold'
  return 'complete'
}
