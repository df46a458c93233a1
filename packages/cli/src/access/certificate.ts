import { connect } from 'node:tls'
import { failed } from '../exit.js'

export interface SeenCertificate {
  /** SHA-256, hex with colons. */
  readonly fingerprint: string
  /** Whether an authority that this machine trusts vouches for it; it then need not be pinned. */
  readonly trusted: boolean
}

/** Asks a server for its certificate and sends nothing. */
export function seeCertificate(server: string): Promise<SeenCertificate> {
  const { hostname, port } = new URL(server)
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      rejectUnauthorized: false,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    })
    socket.setTimeout(15_000, () => socket.destroy(new Error('no answer')))
    socket.once('error', (error: Error) => reject(failed(`${server} cannot be reached: ${error.message}`)))
    socket.once('secureConnect', () => {
      resolve({ fingerprint: socket.getPeerCertificate().fingerprint256, trusted: socket.authorized })
      socket.destroy()
    })
  })
}
