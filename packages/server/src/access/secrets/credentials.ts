import { tryEmail } from '../emails.js'

export type Credentials =
  | { readonly email: string; readonly key: string }
  /** The token of a web session. */
  | { readonly token: string }

/**
 * What an `Authorization` header says; undefined when it is absent or says nothing that we understand. Three
 * forms: email and key encoded each on its own and joined by a colon, as existing clients send them;
 * RFC 7617 Basic, as everything else does; and RFC 6750 Bearer with the token of a web session.
 */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  const token = /^bearer\s+([A-Za-z0-9_-]{1,200})\s*$/i.exec(header ?? '')?.[1]
  if (token !== undefined) return { token }
  const encoded = /^basic\s+([A-Za-z0-9+/=_-]+(?::[A-Za-z0-9+/=_-]+)?)\s*$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const apart = encoded.split(':')
  const [name, key] = apart.length === 2 ? apart.map(decode) : splitOnce(decode(encoded))
  const email = tryEmail(name)
  return email === undefined || key === undefined || key === '' ? undefined : { email, key }
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}

/** The first colon divides: an email has none, a key might. */
function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(':')
  return colon === -1 ? [] : [text.slice(0, colon), text.slice(colon + 1)]
}
