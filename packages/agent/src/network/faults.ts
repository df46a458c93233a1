import type { SessionEnd } from '@waybill/api'
import { type ReasonCode, WaybillError } from '@waybill/api'
import { ProtocolError } from '@waybill/asc'
import { DialError } from '../transport/connector.js'
import { CipherError } from '../transport/secure.js'

/** Why a link is of no use any more, as its session will say; plain data, because it crosses threads. */
export interface LinkFault {
  readonly reason: Exclude<SessionEnd['reason'], 'finished'>
  readonly code: ReasonCode
  readonly message: string
}

/** The peer broke a promise, or something broke here: the link is cut. */
export function failureOf(error: unknown): LinkFault {
  const isDigest = error instanceof ProtocolError && error.violation === 'digest'
  return { reason: 'failed', code: isDigest ? 'E#J003' : 'E#J099', message: wordsOf(error) }
}

/** A connection broke: because of what the peer sent, or as connections do. */
export function lossOf(error: Error): LinkFault {
  if (error instanceof ProtocolError) return failureOf(error)
  return { reason: 'lost', code: 'E#J004', message: error.message }
}

/** The link could not be made. */
export function unreachable(error: unknown): LinkFault {
  const message = wordsOf(error)
  if (error instanceof CipherError) return { reason: 'refused', code: 'E#J007', message }
  const isRefused = error instanceof DialError && error.refused
  return { reason: isRefused ? 'refused' : 'unreachable', code: 'E#J004', message }
}

/** What whoever waits for the link is told. */
export function asError({ message }: LinkFault): WaybillError {
  return new WaybillError('unreachable', message)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
