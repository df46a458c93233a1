import * as v from 'valibot'
import { fileRequests } from './files.js'
import { location, sessionSpec } from './session.js'

/**
 * What the control plane asks of an agent and waits for. Each may be repeated after a lost line, and then
 * does no harm.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Sizes of sources. A missing source is an answer, not an error. */
export const measureArgs = v.object({
  items: v.pipe(v.array(v.object({ location, include: v.string(), exclude: v.string() })), v.maxLength(1000)),
})
export const measureResult = v.object({
  items: v.array(
    v.union([
      v.object({ kind: v.picklist(['file', 'directory', 'sequence']), size: count, files: count }),
      v.object({ kind: v.literal('missing'), code: v.string(), message: v.string() }),
    ]),
  ),
})
export type MeasureResult = v.InferOutput<typeof measureResult>

/** Whether a directory can be served: exists (made when `create`), is a directory, and what is free on it. */
export const checkRootArgs = v.object({ path: v.string(), create: v.boolean() })
export const checkRootResult = v.object({ path: v.string(), free: count, writable: v.boolean() })

/** What the data of a session travels over. */
export const line = v.object({
  transport: v.picklist(['tcp', 'udp']),
  /** TCP connections for data. */
  connections: count,
  /** Milliseconds; null where it is not known. */
  roundTrip: v.nullable(v.pipe(v.number(), v.minValue(0))),
})
export type Line = v.InferOutput<typeof line>

/** Opens a session. The listener answers with its port; the other side, once its connections stand, with the rest. */
export const openResult = v.object({
  port: v.nullable(count),
  cipher: v.nullable(v.string()),
  line: v.optional(line),
})
export type OpenResult = v.InferOutput<typeof openResult>

export const requests = {
  measure: { args: measureArgs, result: measureResult },
  'root.check': { args: checkRootArgs, result: checkRootResult },
  'session.open': { args: sessionSpec, result: openResult },
  ...fileRequests,
} as const

export type RequestName = keyof typeof requests
export type RequestArgs<N extends RequestName> = v.InferOutput<(typeof requests)[N]['args']>
export type RequestResult<N extends RequestName> = v.InferOutput<(typeof requests)[N]['result']>
