import { createHash } from 'node:crypto'
import type { MhlHash } from '@waybill/api'
// A CommonJS module whose names Node cannot see from outside: only the default import works everywhere.
import xxhash from 'xxhash-addon'
import { c4OfDigest } from './mhl/c4.js'

/** Takes the bytes of something in order, then tells its checksum once, as people write it. */
export interface Checksum {
  update(data: Buffer): void
  done(): string
}

const seed = Buffer.alloc(8)

/** xxh3 is the one of 64 bits; all of them with seed 0. */
export function newChecksum(kind: MhlHash): Checksum {
  switch (kind) {
    case 'xxh128':
      return native(new xxhash.XXHash128(seed))
    case 'xxh3':
      return native(new xxhash.XXHash3(seed))
    case 'xxh64':
      return native(new xxhash.XXHash64(seed))
    case 'md5':
    case 'sha1':
      return ofNode(kind, (digest) => digest.toString('hex'))
    case 'c4':
      return ofNode('sha512', c4OfDigest)
  }
}

function native(hasher: { update(data: Buffer): void; digest(): Buffer }): Checksum {
  return { update: (data) => hasher.update(data), done: () => hasher.digest().toString('hex') }
}

function ofNode(algorithm: string, print: (digest: Buffer) => string): Checksum {
  const hash = createHash(algorithm)
  return {
    update: (data) => {
      hash.update(data)
    },
    done: () => print(hash.digest()),
  }
}
