import { linkIdBytes } from './link-keys.js'

/**
 * How a connection for data begins, in the clear: magic, version, which link, which of its connections. It proves
 * nothing; the first record does. TLS begins with 0x16, so that one port tells them apart by the first byte.
 */
const magic = Buffer.from('ASC\x03', 'latin1')
const indexAt = magic.length + linkIdBytes

export const preambleBytes = indexAt + 1

export interface Preamble {
  readonly link: Buffer
  readonly index: number
}

export function encodePreamble({ link, index }: Preamble): Buffer {
  return Buffer.concat([magic, link, Buffer.from([index])])
}

/** Undefined for what is none; `bytes` holds at least `preambleBytes`. */
export function readPreamble(bytes: Buffer): Preamble | undefined {
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined
  return { link: bytes.subarray(magic.length, indexAt), index: bytes.readUInt8(indexAt) }
}
