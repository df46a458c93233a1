import * as v from 'valibot'
import { sessionEnd, sessionProgress, sessionTask, taskResult } from './session.js'

/**
 * The line between an agent and the control plane: one WebSocket, JSON messages, at `controlPath`, with the
 * same headers as the API. Anything that does not parse closes the line with a code.
 */
export const controlPath = '/api/v3/agent'
export const controlProtocol = 2
/** Longest message in either direction, bytes. */
export const maxControlMessage = 4 * 1024 * 1024
/** Longest `lines` of a manifest's piece, and what they may be unzipped; bytes. */
export const maxManifestPiece = 1024 * 1024
export const maxManifestLines = 1024 * 1024
/** Seconds between heartbeats; a line that was silent three times as long is dead. */
export const heartbeatSeconds = 5

const text = v.pipe(v.string(), v.maxLength(1000))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const sessionRef = { session: text, lease: count }

/** Types of agents that register, and the number that clients know each type by. */
export const agentTypes = { app: 0, server: 1, userserver: 2 } as const
export type AgentType = keyof typeof agentTypes

const errorShape = v.object({ code: v.string(), message: v.string() })

export const fromAgent = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    protocol: count,
    agent: v.picklist(['app', 'server', 'userserver']),
    hostname: v.pipe(text, v.minLength(1)),
    /** Identity of this installation of an agent, a UUID kept in its state directory. */
    machine: v.pipe(v.string(), v.uuid()),
    os: v.picklist(['linux', 'mac', 'windows']),
    username: text,
    version: text,
    /** Addresses that another agent may reach this one at. */
    addresses: v.pipe(v.array(text), v.maxLength(100)),
    /** Sessions that are still alive here, and ended ones whose end was not acknowledged. */
    sessions: v.pipe(v.array(v.object(sessionRef)), v.maxLength(10_000)),
  }),
  v.object({ type: v.literal('heartbeat'), metrics: v.record(v.string(), v.number()) }),
  v.object({
    type: v.literal('reply'),
    id: count,
    result: v.optional(v.unknown()),
    error: v.optional(errorShape),
  }),
  v.object({ type: v.literal('session.progress'), ...sessionRef, ...sessionProgress.entries }),
  /** Results and ends carry a number that the control plane acknowledges; until then they are sent again. */
  v.object({ type: v.literal('session.results'), ...sessionRef, seq: count, results: v.array(taskResult) }),
  /** Files of the job's manifest: lines of JSON, zipped, in base64; null for some that cannot be told any more. */
  v.object({
    type: v.literal('session.manifest'),
    ...sessionRef,
    seq: count,
    job: text,
    lines: v.nullable(v.pipe(v.string(), v.maxLength(maxManifestPiece), v.base64())),
  }),
  v.object({ type: v.literal('session.ended'), ...sessionRef, seq: count, ...sessionEnd.entries }),
])
export type FromAgent = v.InferOutput<typeof fromAgent>

export const toAgent = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    client: text,
    workspace: text,
    /** Sessions of the hello that are no longer wanted; the agent drops them. */
    drop: v.array(v.object(sessionRef)),
  }),
  /** The line is refused and closed. With `retry` the agent keeps trying, as always; the words say what to do. */
  v.object({ type: v.literal('refused'), ...errorShape.entries }),
  v.object({ type: v.literal('request'), id: count, name: text, args: v.unknown() }),
  v.object({ type: v.literal('ack'), ...sessionRef, seq: count }),
  v.object({ type: v.literal('session.tasks'), ...sessionRef, tasks: v.array(sessionTask) }),
  v.object({ type: v.literal('session.cancel'), ...sessionRef, tasks: v.array(text) }),
  v.object({ type: v.literal('session.rate'), ...sessionRef, rate: v.number() }),
  /** No more tasks will come: end when the last is through (`finish`), or now (`stop`). */
  v.object({ type: v.literal('session.finish'), ...sessionRef }),
  v.object({ type: v.literal('session.stop'), ...sessionRef, reason: text }),
])
export type ToAgent = v.InferOutput<typeof toAgent>

/** Reads one message; undefined when it is not one of `schema`. Never throws. */
export function parseMessage<T extends v.GenericSchema>(
  schema: T,
  raw: string,
): v.InferOutput<T> | undefined {
  let json: unknown
  try {
    json = JSON.parse(raw)
  } catch {
    return undefined
  }
  return parseValue(schema, json)
}

/** The same for JSON that is an object already: arguments of requests, and their results. */
export function parseValue<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
): v.InferOutput<T> | undefined {
  const parsed = v.safeParse(schema, value)
  return parsed.success ? parsed.output : undefined
}
