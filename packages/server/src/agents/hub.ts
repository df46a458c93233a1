import type { FromAgent, RequestArgs, RequestName, RequestResult, ToAgent } from '@waybill/api'

export type ProgressMessage = Extract<FromAgent, { type: 'session.progress' }>
export type ResultsMessage = Extract<FromAgent, { type: 'session.results' }>
export type ManifestMessage = Extract<FromAgent, { type: 'session.manifest' }>
export type EndedMessage = Extract<FromAgent, { type: 'session.ended' }>
export interface SessionRef {
  readonly session: string
  readonly lease: number
}

/** Who is connected to this control-plane process, and what is asked of them. */
export interface AgentHub {
  isOnline(client: string): boolean
  /**
   * Asks and waits. Rejects with a WaybillError: `agent_offline` when the line is or goes away, `timeout`, or
   * what the agent answered. Not retried; requests are idempotent, so the caller may.
   */
  request<N extends RequestName>(
    client: string,
    name: N,
    args: RequestArgs<N>,
    options?: { readonly timeoutMs?: number },
  ): Promise<RequestResult<N>>
  /** Tells; false when the agent is not connected. Messages to one agent arrive in order. */
  send(client: string, message: ToAgent): boolean
}

/**
 * What the hub tells the rest of the control plane. Calls for one client come one after the other: the next
 * only when the promise of the last is settled. A rejected promise closes the agent's line, and it comes back.
 */
export interface HubListener {
  /** An agent registered; answers which of the sessions that it still holds are to be dropped. */
  connected(
    workspace: string,
    client: string,
    sessions: readonly SessionRef[],
  ): Promise<readonly SessionRef[]>
  disconnected(workspace: string, client: string): Promise<void>
  progress(workspace: string, client: string, message: ProgressMessage): Promise<void>
  /** Acknowledged to the agent when the promise resolves; may arrive twice with the same `seq`. */
  results(workspace: string, client: string, message: ResultsMessage): Promise<void>
  /** A piece of a job's manifest; as results. */
  manifest(workspace: string, client: string, message: ManifestMessage): Promise<void>
  ended(workspace: string, client: string, message: EndedMessage): Promise<void>
}
