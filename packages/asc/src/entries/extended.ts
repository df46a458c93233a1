import type { ByteReader, ByteWriter } from '../bytes.js'
import { maxExtended } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'

/** A piece of data that a file or directory has beside its contents, under a name as Linux has it: `user.x`. */
export interface ExtendedAttribute {
  readonly name: string
  readonly value: Buffer
}

const maxName = 255

/** Bytes that these take in a frame; at most `maxExtended` may go with one entry. */
export function extendedBytes(attributes: readonly ExtendedAttribute[] | undefined): number {
  if (attributes === undefined) return 0
  return attributes.reduce((sum, { name, value }) => sum + 2 + 4 + Buffer.byteLength(name) + value.length, 2)
}

export function writeExtended(out: ByteWriter, attributes: readonly ExtendedAttribute[]): void {
  out.u16(attributes.length)
  for (const { name, value } of attributes) out.text(name, maxName).u32(value.length).bytes(value)
}

/** Copies, since they outlive their frame. */
export function readExtended(read: ByteReader): readonly ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = []
  let left = maxExtended - 2
  for (let count = read.u16(); count > 0; count--) {
    const before = read.left
    const name = read.text(maxName)
    const value = Buffer.from(read.bytes(read.u32()))
    left -= before - read.left
    if (left < 0) throw new ProtocolError('limit', 'an entry has too many attributes')
    if (name === '' || name.includes('\0')) throw new ProtocolError('frame', 'an attribute without a name')
    attributes.push({ name, value })
  }
  return attributes
}
