import {
  checkSetting,
  isOneOf,
  WaybillError,
  type WritableTaskStatus,
  writableTaskStatuses,
} from '@waybill/api'
import * as v from 'valibot'
import type { Input } from '../../entities/operations.js'
import { re2Engine } from '../../query/index.js'

/** One task as asked for, before its paths are resolved. */
export interface TaskRequest {
  readonly source: string
  /** Absent: mirrors the source's path, or the receiver chooses. */
  readonly destination: string | undefined
  /** The destination was given once for several tasks: a directory, with or without a slash at its end. */
  readonly together: boolean
  readonly uri: string | undefined
  readonly priority: number
  readonly status: WritableTaskStatus
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  readonly settings: Readonly<Record<string, string>> | undefined
}

export interface TaskRequests {
  readonly tasks: readonly TaskRequest[]
  /** Given as bare path strings: the answer is `{"success": true}`. */
  readonly bare: boolean
}

const metadata = v.record(v.string(), v.unknown())
const setting = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform((value) => String(value)),
)
export const settingsShape = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(200)), setting),
  v.transform((values) => {
    for (const [name, value] of Object.entries(values)) checkSetting(name, value, re2Engine)
    return values
  }),
)

const whole = 'has to be a whole number from 1 to 1000'

const taskShape = v.strictObject({
  source: v.string('has to be a path'),
  destination: v.nullish(v.string('has to be a path')),
  uri: v.nullish(
    v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.nonEmpty(), v.maxLength(200)),
  ),
  priority: v.nullish(
    v.pipe(v.number(whole), v.integer(whole), v.minValue(1, whole), v.maxValue(1000, whole)),
  ),
  status: v.nullish(v.string()),
  metadata: v.nullish(metadata),
  settings: v.nullish(settingsShape),
})

/** Most tasks in one call. */
const mostTasks = 100_000

/** Refuses more tasks than one call may bring, the files of a whole collection counted each. */
export function demandCount(tasks: number): void {
  if (tasks <= mostTasks) return
  throw new WaybillError('too_large', `More than ${mostTasks} tasks in one call: send some, then add more`)
}

/**
 * Reads the tasks of a transfer or of a call that adds some, in every form: `source` and `destination` directly;
 * under `tasks` a list of objects or bare paths, one object with `source`, or an object keyed by uri.
 */
export function readTasks(input: Input): TaskRequests {
  const common = { source: text(input, 'source'), destination: text(input, 'destination') }
  const { tasks } = input
  if (tasks === undefined || tasks === null) {
    if (common.source === undefined) {
      throw new WaybillError('bad_request', 'Say what to transfer: give source and destination, or tasks')
    }
    return { tasks: [readTask({ ...common })], bare: false }
  }
  if (typeof tasks === 'string') return { tasks: [readTask(bare(tasks, common.destination))], bare: true }
  if (Array.isArray(tasks)) return readList(tasks, common.destination)
  if (!isObject(tasks)) throw new WaybillError('bad_request', 'tasks has to be a list or an object')
  if ('source' in tasks) return { tasks: [readTask(withDestination(tasks, common.destination))], bare: false }
  const keyed = Object.entries(tasks).map(([uri, task]) => {
    if (typeof task === 'string') return readTask({ ...bare(task, common.destination), uri })
    if (!isObject(task)) throw new WaybillError('bad_request', `tasks.${uri} is no task`)
    return readTask({ ...withDestination(task, common.destination), uri })
  })
  return { tasks: together(keyed, common.destination), bare: false }
}

function readList(list: readonly unknown[], destination: string | undefined): TaskRequests {
  demandCount(list.length)
  const isBare = list.every((task) => typeof task === 'string')
  const tasks = list.map((task) => {
    if (typeof task === 'string') return readTask(bare(task, destination))
    if (!isObject(task)) throw new WaybillError('bad_request', 'A task is an object or a path')
    return readTask(withDestination(task, destination))
  })
  return { tasks: together(tasks, destination), bare: isBare }
}

/** Several tasks cannot all get the one name of their common destination. */
function together(tasks: readonly TaskRequest[], common: string | undefined): readonly TaskRequest[] {
  if (tasks.length === 0) throw new WaybillError('bad_request', 'There has to be at least one task')
  if (common === undefined || tasks.length === 1) return tasks
  return tasks.map((task) => (task.destination === common ? { ...task, together: true } : task))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bare(source: string, destination: string | undefined): object {
  return withDestination({ source }, destination)
}

function withDestination(task: object, destination: string | undefined): object {
  return destination === undefined ? task : { destination, ...task }
}

function readTask(raw: object): TaskRequest {
  const unknown = Object.keys(raw).find((key) => !(key in taskShape.entries))
  if (unknown !== undefined) {
    const known = Object.keys(taskShape.entries).join(', ')
    throw new WaybillError('unknown_attribute', `A task has no attribute "${unknown}"; it can have ${known}`)
  }
  if (!('source' in raw)) throw new WaybillError('bad_request', 'A task needs a source')
  const parsed = v.safeParse(taskShape, raw)
  if (!parsed.success) throw new WaybillError('bad_request', describeIssue(parsed.issues[0]))
  const { source, destination, uri, priority, status, metadata, settings } = parsed.output
  if (source.trim() === '') throw new WaybillError('bad_request', 'A source must not be empty')
  if (status !== undefined && status !== null && !isOneOf(writableTaskStatuses, status)) {
    const allowed = writableTaskStatuses.join(', ')
    throw new WaybillError('bad_request', `A task cannot be created as "${status}"; choose one of ${allowed}`)
  }
  return {
    source,
    destination: destination === null || destination === '' ? undefined : destination,
    together: false,
    uri: uri ?? undefined,
    priority: priority ?? 500,
    status: status ?? 'queued',
    metadata: metadata ?? undefined,
    settings: settings ?? undefined,
  }
}

/** What valibot found, in words for the person who wrote the call. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  return path === null ? issue.message : `${path}: ${issue.message}`
}

function text(input: Input, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new WaybillError('bad_request', `${name} has to be text`)
  return value
}
