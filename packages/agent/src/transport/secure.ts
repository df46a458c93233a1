import type { TLSSocket } from 'node:tls'

/** Strength as settings name it. */
export type CipherStrength = 'aes128' | 'aes256'

/**
 * The suite of the control connection for each strength. Node's pre-shared keys work with SHA-256 suites only, and
 * fall back silently, so 256 bits are ChaCha20-Poly1305, and what was negotiated is looked at on both sides.
 */
export const suites: Record<CipherStrength, string> = {
  aes128: 'TLS_AES_128_GCM_SHA256',
  aes256: 'TLS_CHACHA20_POLY1305_SHA256',
}

/** The encryption of a link as people see it: that of its data. */
export const cipherNames: Record<CipherStrength, string> = {
  aes128: 'AES-128-GCM',
  aes256: 'AES-256-GCM',
}

export const allSuites = Object.values(suites).join(':')

/** TLS options of both sides. */
export const tlsOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  // As in `tls.connect`; large enough that one chunk is one write.
  highWaterMark: 1024 * 1024,
} as const

/** The encryption is not what was asked for. */
export class CipherError extends Error {}

/**
 * Checks that a finished handshake used the pre-shared key and the suite that was asked for; answers with its
 * name. A handshake with an external key counts as resumed and shows no certificate (RFC 8446, 2.2).
 */
export function checkCipher(socket: TLSSocket, strength: CipherStrength): string {
  const { name } = socket.getCipher()
  if (socket.getProtocol() !== 'TLSv1.3' || !socket.isSessionReused()) {
    throw new CipherError('The connection was not made with the key of the session')
  }
  if (name !== suites[strength]) {
    throw new CipherError(`${suites[strength]} was asked for, but ${name} was negotiated`)
  }
  return name
}
