import type { Lease } from '../dispatch/lease.js'

/** Behind the ids of the receiving session's, where one agent is at both ends. */
const receiving = '#in'

/** One end of a run: the machine, and what session and job are called there. */
export interface SessionEnd {
  readonly client: string
  readonly session: string
  readonly job: string
}

/**
 * The two ends of a run. Both know it by the lease's session and job; but for an agent that is at both ends, which
 * holds two sessions then, and of each job only one: the receiving one has names of its own.
 */
export function endsOf(lease: Lease): { readonly source: SessionEnd; readonly destination: SessionEnd } {
  const { session, job, source_client: from, destination_client: to } = lease
  const suffix = from === to ? receiving : ''
  return {
    source: { client: from, session, job },
    destination: { client: to, session: session + suffix, job: job + suffix },
  }
}

/** The lease's session that an agent speaks of. */
export function leaseSession(session: string): string {
  return session.endsWith(receiving) ? session.slice(0, -receiving.length) : session
}
