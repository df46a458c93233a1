import { connect } from 'node:tls'
import { CommandEnd, exitCodes, failed } from '../exit.js'

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

/**
 * The fingerprint to keep to: the one that is `given`, or that of a certificate that nobody vouches for, which is
 * trusted as it is seen now, at the first use. Undefined where none is needed.
 */
export async function pinned(server: string, given: string | undefined): Promise<string | undefined> {
  if (given !== undefined || !server.startsWith('https:')) return given
  const seen = await seeCertificate(server)
  if (seen.trusted) return undefined
  process.stderr.write(`The server shows its own certificate:\n  ${seen.fingerprint}\n`)
  if (process.stdin.isTTY) {
    const { confirm } = await import('@clack/prompts')
    if ((await confirm({ message: 'Is that what credentials.json on the server says?' })) !== true)
      throw new CommandEnd(exitCodes.failed, 'nothing was kept, nothing was sent')
  }
  return seen.fingerprint
}
