import type { SealKeys } from '../link-keys.js'
import { nativeOpening, nativeSealing } from './native-gcm.js'
import { nodeOpening, nodeSealing } from './node-gcm.js'

/** Behind each message; proves its header, its bytes and its number. */
export const tagBytes = 16

/**
 * AES-GCM for many messages under one key, one at a time, each under a number that never comes twice. `into` may be
 * the same memory as `bytes`, at the same place.
 */
export interface Sealing {
  /** Begins a message; `header` is authenticated and travels in the clear. */
  begin(number: number, header: Buffer): void
  /** Seals the next bytes to `at` of `into`; they stay as many as they were. */
  update(bytes: Buffer, into: Buffer, at: number): void
  /** Ends the message: writes its tag. */
  finish(into: Buffer, at: number): void
}

/** The other way; what `update` wrote is to be believed only once `finish` said so. */
export interface Opening {
  begin(number: number, header: Buffer): void
  update(bytes: Buffer, into: Buffer, at: number): void
  /** Ends the message: whether it is authentic. */
  finish(tag: Buffer): boolean
}

/**
 * Node makes an object and new memory for each message and piece, which costs several times the encryption itself. So
 * its OpenSSL is called directly where it can be reached.
 */
export function sealing(keys: SealKeys): Sealing {
  return nativeSealing(keys) ?? nodeSealing(keys)
}

export function opening(keys: SealKeys): Opening {
  return nativeOpening(keys) ?? nodeOpening(keys)
}
