// A CommonJS module whose names Node cannot see from outside: only the default import works everywhere.
import xxhash from 'xxhash-addon'

/** xxh128, 16 bytes. */
export function hash128(bytes: Buffer): Buffer {
  return xxhash.XXHash128.hash(bytes)
}
