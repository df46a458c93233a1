import {
  type BlockIndex,
  type ChunkWork,
  chunkDataAt,
  findParts,
  margins,
  type PatchPart,
  patchFrameBytes,
  type SenderSession,
  writePatch,
} from '@waybill/asc'
import type { SourceFile } from '../../scan/source-file.js'
import type { BufferPool } from '../../transport/buffers.js'
import { hash128 } from '../hash.js'

type Done = (error: Error | undefined, ended: boolean) => void

/** A chunk of a file of which the receiver has an older one, with what stands around it. */
export class Surroundings {
  readonly #session: SenderSession
  readonly #work: ChunkWork
  readonly #blocks: BlockIndex
  readonly #first: number
  readonly #data: Buffer

  private constructor(session: SenderSession, work: ChunkWork, blocks: BlockIndex) {
    const { file, offset, length } = work
    const { before, after } = margins(blocks.sizes)
    this.#session = session
    this.#work = work
    this.#blocks = blocks
    this.#first = Math.max(0, offset - before)
    this.#data = Buffer.allocUnsafeSlow(Math.min(file.entry.size, offset + length + after) - this.#first)
  }

  /** Undefined when the chunk is to be sent as it is. */
  static of(session: SenderSession, work: ChunkWork): Surroundings | undefined {
    const blocks = session.delta.indexFor(work)
    return blocks && new Surroundings(session, work, blocks)
  }

  /** Reads all of it, and the chunk itself to where it stands in its frame. */
  read(source: SourceFile, buffer: Buffer, done: Done): void {
    const { offset, length } = this.#work
    const from = offset - this.#first
    source.read(this.#data, 0, this.#data.length, this.#first, (error, ended) => {
      this.#data.copy(buffer, chunkDataAt, from, from + length)
      done(error, ended)
    })
  }

  /** The frame of a patch that makes the chunk; undefined when it would be no shorter. */
  patch(digest: Buffer, pool: BufferPool): Buffer | undefined {
    const { file, index, offset, length } = this.#work
    const from = offset - this.#first
    const stretch = { data: this.#data, from, to: from + length }
    const parts: readonly PatchPart[] = findParts(this.#blocks, stretch, hash128)
    const bytes = patchFrameBytes(parts)
    const pays = parts.length > 0 && bytes < (length * 9) / 10
    this.#session.delta.tried(this.#work, pays)
    if (!pays) return undefined
    const chunk = this.#data.subarray(from, from + length)
    return writePatch(pool.acquire(bytes), { id: file.entry.id, index, digest }, parts, chunk)
  }
}
