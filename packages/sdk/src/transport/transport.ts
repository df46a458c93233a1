import type { Method } from '@waybill/api'

export interface TransportRequest {
  readonly method: Method
  /** Absolute, with the query string where there is one. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; sent without a Content-Type, as the protocol has it. */
  readonly body?: string
}

export interface TransportAnswer {
  readonly status: number
  readonly text: string
}

/** One HTTP exchange. The two implementations differ in what they can do about certificates. */
export interface Transport {
  /**
   * Rejects with a WaybillError: `unreachable` when there was no answer, `timeout` when it took too long,
   * `unauthenticated` when the server is not the one that was pinned (nothing was sent then). Never retries.
   */
  send(request: TransportRequest): Promise<TransportAnswer>
  /** Closes idle connections; requests under way fail. */
  close(): void
}

export interface TransportOptions {
  /** SHA-256 of the server's certificate, hex with or without colons. Node only. */
  readonly fingerprint?: string
  /** Longest silence before a request is given up, milliseconds. */
  readonly timeoutMs: number
}

/** The machine that calls, for the audit log. */
export interface Machine {
  readonly hostname: string
  readonly platform: string
}
