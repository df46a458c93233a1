import { join, resolve } from 'node:path'
import { type AgentOptions, type RunningAgent, startAgent } from './control/run-agent.js'
import type { SessionEvents } from './control/session-engine.js'
import { DataPlane } from './data/index.js'
import { removeOldRecords } from './manifest/old-records.js'

export type { RunningAgent } from './control/run-agent.js'
export type { Log } from './control/session-engine.js'
export { readContents } from './manifest/contents.js'
export { version as agentVersion } from './version.js'

export type RunAgentOptions = Omit<AgentOptions, 'engine' | 'heartbeat'>

/**
 * Runs an endpoint in this process until it is told to stop. Rejects when it cannot run at all: bad options, or
 * a state directory that is in use. From then on it never gives up: what is wrong with its line to the control
 * plane goes to the log, once, and is tried again.
 */
export async function runAgent(options: RunAgentOptions): Promise<RunningAgent> {
  const manifests = join(resolve(options.state), 'manifests')
  void removeOldRecords(manifests)
  return await startAgent({ ...options, engine: (events) => dataPlane(events, manifests) })
}

function dataPlane(events: SessionEvents, manifests: string): DataPlane {
  const plane = new DataPlane({ manifests })
  plane.on('progress', (session, progress) => events.progress(session, progress))
  plane.on('manifest', (session, ranges) => events.manifest(session, ranges))
  plane.on('results', (session, results) => events.results(session, results))
  plane.on('ended', (session, end) => events.ended(session, end))
  return plane
}
