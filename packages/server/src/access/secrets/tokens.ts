import { createHash, randomBytes } from 'node:crypto'

const BYTES = 32

/** 256 random bits after a prefix that says what the secret is, to people and to tools that look for leaked ones. */
export function newToken(prefix: string): string {
  return prefix + randomBytes(BYTES).toString('base64url')
}

/**
 * What is kept of a token: SHA-256, hex. No salt and no stretching, since nobody guesses 256 random bits, and
 * the hash is what a token is found by.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
