import { Agent, type AgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'
import { WaybillError } from '@waybill/api'

type Opened = (error: Error | null, socket: Duplex) => void

/** The form that fingerprints are compared in: hex digits alone, lower case. */
export function normalizeFingerprint(text: string): string {
  const hex = text
    .replace(/^sha-?256:/i, '')
    .replaceAll(':', '')
    .toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(hex))
    throw new WaybillError('bad_request', 'A fingerprint is the SHA-256 of a certificate, 64 hex digits.')
  return hex
}

/**
 * Connections to a server with a self-signed certificate. With a fingerprint, a connection is handed out only
 * when the certificate is the pinned one, so that nothing is ever written to another server. Without one any
 * certificate is accepted, as existing clients of this protocol do.
 */
export class PinnedAgent extends Agent {
  readonly #fingerprint: string | undefined

  constructor(fingerprint: string | undefined, options: AgentOptions) {
    super(options)
    this.#fingerprint = fingerprint === undefined ? undefined : normalizeFingerprint(fingerprint)
  }

  override createConnection(options: ConnectionOptions, opened?: Opened): undefined {
    const socket = connect({ ...options, rejectUnauthorized: false })
    const fail = (error: Error): void => opened?.(error, socket)
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      const seen = socket.getPeerCertificate().fingerprint256
      if (this.#fingerprint !== undefined && normalizeFingerprint(seen) !== this.#fingerprint) {
        socket.destroy(
          new WaybillError(
            'unauthenticated',
            `The server at ${options.host ?? 'this address'} has another certificate than expected (${seen}). ` +
              'If it was renewed, log in again with its new fingerprint; otherwise this is not your server.',
          ),
        )
        return
      }
      socket.off('error', fail)
      opened?.(null, socket)
    })
  }
}
