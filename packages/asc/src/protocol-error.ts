/** What a peer can do wrong. The words travel to it in the `stop` frame. */
export type Violation = 'frame' | 'limit' | 'version' | 'state' | 'digest'

/** The peer broke a promise: the link is cut, and nothing that it sent is trusted any further. */
export class ProtocolError extends Error {
  readonly violation: Violation

  constructor(violation: Violation, message: string) {
    super(message)
    this.name = 'ProtocolError'
    this.violation = violation
  }
}
