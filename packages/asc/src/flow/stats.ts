/** How a flow is doing. */
export interface FlowStats {
  /** Milliseconds. */
  readonly rtt: number
  readonly minRtt: number
  /** What the line delivers, bytes a second. */
  readonly rate: number
  /** Packets with data that were sent, those of them that were lost, packets of others that were refused. */
  readonly packets: number
  readonly lost: number
  readonly refused: number
  readonly inFlight: number
  readonly phase: string
}
