import type { Identity } from '../state/identity.js'

/** A fingerprint as it is compared: lower-case hex of the certificate's SHA-256, without colons. */
export function plainFingerprint(text: string): string {
  return text
    .toLowerCase()
    .replace(/^sha-?256[:=]/, '')
    .replaceAll(/[^0-9a-f]/g, '')
}

export interface Presented {
  /** `host:port` that was dialled. */
  readonly server: string
  readonly fingerprint: string
  /** Whether an authority that this machine knows vouches for the certificate, under this host's name. */
  readonly verified: boolean
}

/**
 * Whether to talk to a server: the fingerprint that was demanded decides; else a certificate that authorities
 * vouch for is good; else the first one seen is remembered and must stay the same. Throws with words that say
 * what to do.
 */
export async function checkTrust(
  presented: Presented,
  demanded: string | undefined,
  identity: Identity,
): Promise<void> {
  const { server, verified } = presented
  const shown = plainFingerprint(presented.fingerprint)
  if (demanded !== undefined) {
    if (plainFingerprint(demanded) !== shown) {
      throw new Error(
        `The server's certificate is not the one asked for: its fingerprint is ${shown}, ` +
          `--fingerprint says ${plainFingerprint(demanded)}`,
      )
    }
    await identity.remember(server, shown)
    return
  }
  if (verified) {
    await identity.remember(server, 'verified')
    return
  }
  const known = identity.pin(server)
  if (known !== undefined && known !== shown) {
    throw new Error(
      `The certificate of ${server} has changed: its fingerprint is ${shown}, ` +
        `${known === 'verified' ? 'and no authority vouches for it as for the one before' : `it was ${known}`}. ` +
        `Somebody may be listening in. If the server was given a new certificate, accept it with ` +
        `--fingerprint ${shown}, once`,
    )
  }
  await identity.remember(server, shown)
}
