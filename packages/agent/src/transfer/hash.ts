import { XXHash128 } from 'xxhash-addon'

/** xxh128, 16 bytes. */
export function hash128(bytes: Buffer): Buffer {
  return XXHash128.hash(bytes)
}
