export const jobStatuses = ['init', 'waiting', 'running', 'paused', 'failed', 'aborted', 'done'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** What a client may set; everything else is set by the machine alone. */
export const writableJobStatuses = ['waiting', 'paused', 'aborted', 'done'] as const
export type WritableJobStatus = (typeof writableJobStatuses)[number]

export const taskStatuses = [
  'pending',
  'queued',
  'booting',
  'executing',
  'failed',
  'onhold',
  'excluded',
  'done',
] as const
export type TaskStatus = (typeof taskStatuses)[number]

export const writableTaskStatuses = ['queued', 'onhold', 'excluded', 'done', 'failed'] as const
export type WritableTaskStatus = (typeof writableTaskStatuses)[number]

/** Which jobs a find looks among. */
export const populations = ['live', 'finished', 'inactive', 'archived'] as const
export type Population = (typeof populations)[number]

export function isOneOf<const T extends readonly string[]>(list: T, value: unknown): value is T[number] {
  return typeof value === 'string' && list.includes(value)
}
