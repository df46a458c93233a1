import type { OpenResult, SessionSpec } from '@waybill/api'
import type { LinkFault } from './faults.js'

/** What may be set for tests; the defaults are for work. All in milliseconds. */
export interface NetworkOptions {
  /** A link of which nothing is heard for this long is dead. */
  readonly silenceMs?: number
  /** How long a listener waits for its peer. */
  readonly expectMs?: number
  /** How long a connector tries. */
  readonly dialMs?: number
}

/** What of a session its link is made from. */
export type LinkSpec = Pick<
  SessionSpec,
  'role' | 'link' | 'identity' | 'key' | 'cipher' | 'connections' | 'rate' | 'transport'
>

/** A frame or payload of data, in memory that travels along: whoever posts it has it no more. */
export interface DataMessage {
  readonly type: 'data'
  readonly link: number
  readonly memory: ArrayBuffer
  readonly at: number
  readonly length: number
}

/** From the side with the sessions to the side with the sockets. Ours alone, so they are typed, not checked. */
export type ToNetwork =
  | { readonly type: 'open'; readonly link: number; readonly spec: LinkSpec }
  | { readonly type: 'control'; readonly link: number; readonly frames: Uint8Array }
  | DataMessage
  /** So many bytes of control frames were worked through. */
  | { readonly type: 'took'; readonly link: number; readonly bytes: number }
  /** The memory of payloads comes back. */
  | { readonly type: 'back'; readonly link: number; readonly memories: ArrayBuffer[] }
  | { readonly type: 'pause'; readonly link: number; readonly paused: boolean }
  | { readonly type: 'rate'; readonly link: number; readonly rate: number }
  | { readonly type: 'close'; readonly link: number }
  /** Everything is to be closed; answered by `ended`. */
  | { readonly type: 'end' }

export type FromNetwork =
  | { readonly type: 'opened'; readonly link: number; readonly result: OpenResult }
  /** Encryption and transport of a link that stands. */
  | ({ readonly type: 'stands'; readonly link: number; readonly cipher: string } & Pick<OpenResult, 'line'>)
  | { readonly type: 'control'; readonly link: number; readonly frames: Uint8Array }
  | (DataMessage & { readonly frame: number })
  /** The memory of a frame comes back. */
  | { readonly type: 'sent'; readonly link: number; readonly memory: ArrayBuffer }
  | { readonly type: 'flushed'; readonly link: number; readonly bytes: number }
  | { readonly type: 'window'; readonly link: number; readonly frames: number }
  | { readonly type: 'roundTrip'; readonly link: number; readonly milliseconds: number }
  | { readonly type: 'down'; readonly link: number; readonly fault: LinkFault | undefined }
  | { readonly type: 'ended' }

/** Sends a message to the other side; what is in `transfer` goes along and is here no more. */
export type Post<M> = (message: M, transfer?: readonly ArrayBuffer[]) => void
