import { heartbeatSeconds } from '@waybill/api'

/** How patient the hub is, in milliseconds. Tests shorten it. */
export interface HubTiming {
  /** Between two pings; a line that is silent for three of them is dead. */
  readonly heartbeat: number
  /** For the first message of a new line. */
  readonly hello: number
  /** For the answer of a line whose place another agent asks for. */
  readonly challenge: number
  /** Between two times that last contacts are written down, and rights looked at again. */
  readonly checkIn: number
  /** Between two looks at the directories of served volumes, at a check-in. */
  readonly roots: number
  /** A client whose line is gone is shown as offline after this. */
  readonly grace: number
  /** For the answer to a request, unless the caller says otherwise. */
  readonly request: number
}

export const hubTiming: HubTiming = {
  heartbeat: heartbeatSeconds * 1000,
  hello: 10_000,
  challenge: 2000,
  checkIn: 20_000,
  roots: 60_000,
  grace: 3000,
  request: 30_000,
}
