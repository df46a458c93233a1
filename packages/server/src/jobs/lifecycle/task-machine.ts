import type { TaskStatus, WritableTaskStatus } from '@waybill/api'

/**
 * The life of a task.
 *
 *   pending ──choose──▶ queued ──dispatch──▶ booting ──begin──▶ executing ──succeed──▶ done
 *                         ▲                     │                  │
 *                         └──────recall─────────┴──────────────────┤
 *                         └──────requeue── failed, done            └──fail──▶ failed
 *
 * `leaveOut`: its source is not there, and `job_on_missing` says that this is no failure.
 * `recall`: the session is over, the task is not. A late `succeed` is taken from `queued` too: the bytes are
 * on disk and verified, whatever was decided in between. `put...` are people's; a pending task only lacks a
 * place, which nobody but its receiver gives it.
 */
const settled = ['queued', 'booting', 'executing', 'failed', 'onhold', 'excluded', 'done'] as const

export const taskMachine = {
  choose: { from: ['pending'], to: 'queued' },
  dispatch: { from: ['queued'], to: 'booting' },
  begin: { from: ['booting'], to: 'executing' },
  succeed: { from: ['queued', 'booting', 'executing'], to: 'done' },
  fail: { from: ['queued', 'booting', 'executing'], to: 'failed' },
  leaveOut: { from: ['queued', 'booting', 'executing'], to: 'excluded' },
  recall: { from: ['booting', 'executing'], to: 'queued' },
  requeue: { from: ['failed'], to: 'queued' },
  redo: { from: ['failed', 'done'], to: 'queued' },
  putQueued: { from: ['failed', 'onhold', 'excluded', 'done'], to: 'queued' },
  putOnhold: { from: settled, to: 'onhold' },
  putExcluded: { from: ['pending', ...settled], to: 'excluded' },
  putDone: { from: settled, to: 'done' },
  putFailed: { from: settled, to: 'failed' },
} as const satisfies Record<string, { readonly from: readonly TaskStatus[]; readonly to: TaskStatus }>

export type TaskTrigger = keyof typeof taskMachine

export const taskTriggerOfWrite = {
  queued: 'putQueued',
  onhold: 'putOnhold',
  excluded: 'putExcluded',
  done: 'putDone',
  failed: 'putFailed',
} as const satisfies Record<WritableTaskStatus, TaskTrigger>

/** States that `trigger` leaves, the one it leads to excepted: nothing happens to a task that is there. */
export function statesLeft(trigger: TaskTrigger): readonly TaskStatus[] {
  const { from, to }: { from: readonly TaskStatus[]; to: TaskStatus } = taskMachine[trigger]
  return from.filter((status) => status !== to)
}

/** Whether an agent may hold the task. */
export function isHeld(status: TaskStatus): boolean {
  return status === 'booting' || status === 'executing'
}

/** States with nothing left to do. */
export function isOver(status: TaskStatus): boolean {
  return status === 'done' || status === 'failed' || status === 'excluded'
}
