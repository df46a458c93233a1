import {
  blockBytes,
  blockEnd,
  blockRun,
  blockSizes,
  type ChunkWork,
  chunkDataAt,
  findParts,
  type Hash,
  type IncomingFile,
  margins,
  type Patch,
  patchFrameBytes,
  type ReceiverSession,
  type SenderSession,
  writePatch,
} from '../index.js'

/** Bytes that look random and are the same for the same seed. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed * 2 + 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

export function cut(data: Buffer, sizes = blockSizes(data.length)): number[] {
  const ends: number[] = []
  for (let at = 0; at < data.length; ) {
    at = blockEnd(data, at, data.length, sizes)
    ends.push(at)
  }
  return ends
}

export function blocksOf(data: Buffer, hash: Hash): Buffer {
  let start = 0
  return Buffer.concat(
    cut(data).map((end) => {
      const block = Buffer.alloc(blockBytes)
      block.writeUInt32LE(end - start)
      hash(data.subarray(start, end)).copy(block, 4, 0, 8)
      start = end
      return block
    }),
  )
}

/** Tells the sender of an older file; false when there is no room for it now. */
export function tell(session: ReceiverSession, file: IncomingFile, older: Buffer, hash: Hash): boolean {
  if (!session.delta.begin(file, older.length)) return false
  const blocks = blocksOf(older, hash)
  const run = blockRun * blockBytes
  for (let at = 0; at < blocks.length; at += run) session.delta.add(file, blocks.subarray(at, at + run))
  return true
}

/** The chunk that a patch makes of an older file, whatever is in that by now. */
export function apply({ parts, literals }: Patch, older: Buffer): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const { literal, offset, length } of parts) {
    pieces.push(literals.subarray(at, at + literal), older.subarray(offset, offset + length))
    at += literal
  }
  return Buffer.concat(pieces)
}

/** The frame of a patch for a chunk, if there is an older file in which something of it was found. */
export function patchFrame(
  session: SenderSession,
  work: ChunkWork,
  whole: Buffer,
  hash: Hash,
): Buffer | undefined {
  const index = session.delta.indexFor(work)
  if (index === undefined) return undefined
  const { offset, length } = work
  const { before, after } = margins(index.sizes)
  const first = Math.max(0, offset - before)
  const data = whole.subarray(first, offset + length + after)
  const parts = findParts(index, { data, from: offset - first, to: offset - first + length }, hash)
  session.delta.tried(work, parts.length > 0)
  if (parts.length === 0) return undefined
  const chunk = whole.subarray(offset, offset + length)
  const about = { id: work.file.entry.id, index: work.index, digest: hash(chunk) }
  return writePatch(Buffer.alloc(patchFrameBytes(parts) + chunkDataAt), about, parts, chunk)
}
