import {
  type ControlFrame,
  decode,
  encode,
  frameType,
  type Payload,
  ProtocolError,
  protocolVersion,
} from '@waybill/asc'

/** What each side says first on each connection. */
export type Greeting = Omit<Extract<ControlFrame, { type: 'hello' }>, 'type' | 'version'>

/** How long a peer may take to say it, milliseconds. */
export const greetingMs = 10_000

/** Longest payload of a greeting, bytes. */
export const greetingBytes = 64

export function encodeGreeting(greeting: Greeting): Buffer {
  return encode({ type: 'hello', version: protocolVersion, ...greeting })
}

/** The first frame of a connection, which has to be a greeting; its memory is given back. */
export function readGreeting(type: number, payload: Payload): Greeting {
  if (type !== frameType.hello) throw new ProtocolError('state', 'the first frame is no hello')
  const frame = decode(type, payload.bytes)
  payload.release()
  if (frame.type !== 'hello') throw new ProtocolError('state', 'the first frame is no hello')
  if (frame.version !== protocolVersion) {
    throw new ProtocolError('version', `the peer speaks version ${frame.version} of the protocol`)
  }
  return frame
}
