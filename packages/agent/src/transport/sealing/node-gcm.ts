import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
} from 'node:crypto'
import type { SealKeys } from '../link-keys.js'
import type { Opening, Sealing } from './gcm.js'
import { Nonces } from './nonce.js'

const options = { authTagLength: 16 }

/** With node:crypto, which is everywhere. */
export function nodeSealing({ algorithm, key, iv }: SealKeys): Sealing {
  const secret = createSecretKey(key)
  const nonces = new Nonces(iv)
  let cipher: CipherGCM | undefined
  return {
    begin: (number, header) => {
      cipher = createCipheriv(algorithm, secret, nonces.of(number), options)
      cipher.setAAD(header)
    },
    update: (bytes, into, at) => {
      cipher?.update(bytes).copy(into, at)
    },
    finish: (into, at) => {
      cipher?.final()
      cipher?.getAuthTag().copy(into, at)
    },
  }
}

export function nodeOpening({ algorithm, key, iv }: SealKeys): Opening {
  const secret = createSecretKey(key)
  const nonces = new Nonces(iv)
  let decipher: DecipherGCM | undefined
  return {
    begin: (number, header) => {
      decipher = createDecipheriv(algorithm, secret, nonces.of(number), options)
      decipher.setAAD(header)
    },
    update: (bytes, into, at) => {
      decipher?.update(bytes).copy(into, at)
    },
    finish: (tag) => {
      if (decipher === undefined) return false
      decipher.setAuthTag(tag)
      try {
        decipher.final()
        return true
      } catch {
        return false
      }
    },
  }
}
