import * as v from 'valibot'
import { taskOptions } from './options.js'

/**
 * What the control plane tells both agents so that they can move the bytes of one job: a session. All
 * numbers that arrive are limits to be checked, none is trusted.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(32_768))

/**
 * A place on an agent's machine. With `root` (the absolute directory of a share) `path` is relative and never
 * leaves it; without, `path` is absolute and the machine's own. With `within`, a directory beneath the root, what is
 * read has to lie in that, wherever links on the way lead.
 */
export const location = v.object({
  root: v.nullable(path),
  path: v.pipe(v.string(), v.maxLength(32_768)),
  within: v.optional(path),
})
export type Location = v.InferOutput<typeof location>

/** One task within a session; each side is told its own location only, under the same `index`. */
export const sessionTask = v.object({
  index: count,
  task: v.string(),
  location,
  /** Size that was measured, bytes; a hint for progress. */
  size: count,
  /** Filters in force for this task, `,`-separated, as settings give them. */
  include: v.string(),
  exclude: v.string(),
  /** What differs from the usual way to copy. */
  options: v.optional(taskOptions),
})
export type SessionTask = v.InferOutput<typeof sessionTask>

export const link = v.variant('kind', [
  v.object({
    kind: v.literal('listen'),
    /** First and last port of the range to take one from. */
    ports: v.tuple([count, count]),
  }),
  v.object({
    kind: v.literal('connect'),
    /** Every address of the listener, likeliest first; each is to be tried. */
    addresses: v.array(v.string()),
    port: count,
  }),
])
export type Link = v.InferOutput<typeof link>

export const sessionSpec = v.object({
  session: v.string(),
  /** Grows with each run of the job; an agent obeys the highest that it has seen for the job. */
  lease: count,
  job: v.string(),
  role: v.picklist(['send', 'receive']),
  link,
  /** Identity and key (base64 of 32 bytes) of the link, made for this session alone. */
  identity: v.string(),
  key: v.pipe(v.string(), v.base64(), v.length(44)),
  cipher: v.picklist(['aes128', 'aes256']),
  /** Connections for data; `auto` is as many as the line is worth. */
  connections: v.union([v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), v.literal('auto')]),
  /** What data travels over; what is absent is `auto`: what the line is worth. */
  transport: v.optional(v.picklist(['auto', 'tcp', 'udp'])),
  /** Bytes a second; -1 is no limit. */
  rate: v.number(),
})
export type SessionSpec = v.InferOutput<typeof sessionSpec>

/** What became of one task, as its receiver saw it. */
export const taskResult = v.object({
  task: v.string(),
  status: v.picklist(['done', 'failed', 'cancelled']),
  /** Bytes of all its files; of these, the bytes that crossed the line and those that were there already. */
  size: count,
  sent: count,
  skipped: count,
  files: count,
  /** Milliseconds from its first to its last byte. */
  time: count,
  code: v.nullable(v.string()),
  message: v.nullable(v.string()),
  /** The first files that failed or were left out; the agent's log has all of them. */
  details: v.pipe(
    v.array(v.object({ path: v.string(), code: v.string(), message: v.string() })),
    v.maxLength(100),
  ),
})
export type TaskResult = v.InferOutput<typeof taskResult>

export const sessionProgress = v.object({
  /** Bytes done in this session, skipped ones included, and bytes that crossed the line. */
  bytes: count,
  sent: count,
  files: count,
  /** Bytes a second over the last seconds. */
  speed: v.number(),
  /** Tasks under way, with the bytes done of each. */
  executing: v.array(v.object({ task: v.string(), bytes: count, files: count })),
})
export type SessionProgress = v.InferOutput<typeof sessionProgress>

/** How a session ended. `finished`: as asked; the others say what broke, and the job goes on later. */
export const sessionEnd = v.object({
  reason: v.picklist(['finished', 'stopped', 'unreachable', 'lost', 'refused', 'failed']),
  code: v.nullable(v.string()),
  message: v.nullable(v.string()),
  cipher: v.nullable(v.string()),
})
export type SessionEnd = v.InferOutput<typeof sessionEnd>
