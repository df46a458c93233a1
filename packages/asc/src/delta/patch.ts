import { ByteReader, writeSize } from '../bytes.js'
import type { Hash } from '../data-frames.js'
import { frameType, writeHeader } from '../frames.js'
import { digestBytes, headerBytes } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import type { BlockIndex } from './block-index.js'
import { type BlockSizes, blockEnd } from './cutter.js'

/** Some new bytes, then some of the older file. Either may be none. */
export interface PatchPart {
  readonly literal: number
  readonly offset: number
  readonly length: number
}

export interface Patch {
  readonly id: number
  readonly index: number
  readonly digest: Buffer
  readonly parts: readonly PatchPart[]
  /** The new bytes of all parts, one after the other. */
  readonly literals: Buffer
  /** Bytes that it took on the line. */
  readonly bytes: number
}

const patchHead = 4 + 4 + digestBytes + 4
const partBytes = 4 + 4 + 8
/** Parts of one patch: a chunk holds no more blocks than this. */
export const maxParts = 4096

/** A stretch of a file around one chunk: bytes before and behind it are there to find the same cuts. */
export interface Stretch {
  readonly data: Buffer
  /** Where the chunk begins and ends in `data`. */
  readonly from: number
  readonly to: number
}

/** What has to be read beyond a chunk: so much before that cuts fall into step, and the rest of the last block. */
export function margins({ max }: BlockSizes): { readonly before: number; readonly after: number } {
  return { before: 2 * max, after: max }
}

/** How a chunk is made of the older file, and bytes that are new. Empty when nothing of it is known. */
export function findParts(index: BlockIndex, { data, from, to }: Stretch, hash: Hash): PatchPart[] {
  const { sizes } = index
  const parts: PatchPart[] = []
  let literal = 0
  let open: { offset: number; length: number } | undefined
  let likely = 0
  const close = () => {
    if (open === undefined) return
    parts.push({ literal, ...open })
    literal = 0
    open = undefined
  }
  for (let start = 0; start < to; ) {
    const end = blockEnd(data, start, data.length, sizes)
    if (end > from) {
      const block = index.find(hash(data.subarray(start, end)), end - start, likely)
      const first = Math.max(start, from)
      const length = Math.min(end, to) - first
      if (block === undefined) {
        close()
        literal += length
      } else {
        const offset = index.startOf(block) + first - start
        likely = block + 1
        if (open !== undefined && open.offset + open.length === offset) {
          open.length += length
        } else {
          close()
          open = { offset, length }
        }
      }
    }
    start = end
  }
  close()
  if (parts.length > 0 && literal > 0) parts.push({ literal, offset: 0, length: 0 })
  return parts
}

/** Length of the frame that `writePatch` makes; to be compared with that of the chunk. */
export function patchFrameBytes(parts: readonly PatchPart[]): number {
  const literals = parts.reduce((sum, { literal }) => sum + literal, 0)
  return headerBytes + patchHead + parts.length * partBytes + literals
}

/** Writes the frame for the chunk `index` of `parts` into `frame`; `chunk` is its bytes. */
export function writePatch(
  frame: Buffer,
  about: { readonly id: number; readonly index: number; readonly digest: Buffer },
  parts: readonly PatchPart[],
  chunk: Buffer,
): Buffer {
  const length = patchFrameBytes(parts)
  writeHeader(frame, frameType.patch, length - headerBytes)
  frame.writeUInt32LE(about.id, headerBytes)
  frame.writeUInt32LE(about.index, headerBytes + 4)
  about.digest.copy(frame, headerBytes + 8)
  let at = frame.writeUInt32LE(parts.length, headerBytes + patchHead - 4)
  let literals = at + parts.length * partBytes
  let from = 0
  for (const part of parts) {
    at = frame.writeUInt32LE(part.literal, at)
    at = frame.writeUInt32LE(part.length, at)
    writeSize(frame, part.offset, at)
    at += 8
    literals += chunk.copy(frame, literals, from, from + part.literal)
    from += part.literal + part.length
  }
  return frame.subarray(0, length)
}

/**
 * Reads a patch. What it says is believed only as far as its own bytes go; whether it fits the file is for the
 * session to say (`checkPatch`).
 */
export function readPatch(payload: Buffer): Patch {
  const read = new ByteReader(payload)
  const id = read.u32()
  const index = read.u32()
  const digest = read.bytes(digestBytes)
  const count = read.u32()
  if (count > maxParts) throw new ProtocolError('limit', 'a patch has too many parts')
  if (count * partBytes > read.left) throw new ProtocolError('frame', 'a patch is shorter than it says')
  const parts: PatchPart[] = []
  let literal = 0
  for (let i = 0; i < count; i++) {
    const part = { literal: read.u32(), length: read.u32(), offset: read.size() }
    literal += part.literal
    parts.push(part)
  }
  if (literal !== read.left) throw new ProtocolError('frame', 'a patch has not the bytes that it says')
  return { id, index, digest, parts, literals: read.bytes(read.left), bytes: payload.length }
}

/** Holds a patch to the length of its chunk, and to the older file of `size` bytes. Answers with that length. */
export function checkPatch({ parts }: Patch, length: number, size: number): void {
  let made = 0
  for (const part of parts) {
    if (part.offset + part.length > size) {
      throw new ProtocolError('limit', 'a patch copies from beyond the end of the older file')
    }
    made += part.literal + part.length
  }
  if (made !== length) throw new ProtocolError('limit', 'a patch does not make a whole chunk')
}
