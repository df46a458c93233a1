import { type AgentOptions, type RunningAgent, startAgent } from './control/run-agent.js'
import type { SessionEvents } from './control/session-engine.js'
import { DataPlane } from './data/index.js'

export type { RunningAgent } from './control/run-agent.js'
export type { Log } from './control/session-engine.js'
export { version as agentVersion } from './version.js'

export type RunAgentOptions = Omit<AgentOptions, 'engine' | 'heartbeat'>

/**
 * Runs an endpoint in this process until it is told to stop. Rejects when it cannot run at all: bad options, or
 * a state directory that is in use. From then on it never gives up: what is wrong with its line to the control
 * plane goes to the log, once, and is tried again.
 */
export async function runAgent(options: RunAgentOptions): Promise<RunningAgent> {
  return await startAgent({ ...options, engine: dataPlane })
}

function dataPlane(events: SessionEvents): DataPlane {
  const plane = new DataPlane()
  plane.on('progress', (session, progress) => events.progress(session, progress))
  plane.on('results', (session, results) => events.results(session, results))
  plane.on('ended', (session, end) => events.ended(session, end))
  return plane
}
