import type { BigIntStats } from 'node:fs'
import {
  type ChunkWork,
  chunkDataAt,
  type OutgoingFile,
  type SenderSession,
  sealChunk,
  showPath,
} from '@waybill/asc'
import type { Slot } from '../../network/network-link.js'
import { SourceFile } from '../../scan/source-file.js'
import type { BufferPool } from '../../transport/buffers.js'
import { isZero } from '../chunks/zeros.js'
import { Surroundings } from '../delta/surroundings.js'
import { Fault } from '../fault.js'
import { hash128 } from '../hash.js'
import type { SourcePlace } from '../place.js'

/** What sending chunks needs of the sending side. */
export interface ChunkHost {
  /** Where the file lies; throws when its task is over. */
  placeOf(file: OutgoingFile): SourcePlace
  /** So many bytes of the file are settled, of these so many sent. */
  count(file: OutgoingFile, bytes: number, sent: number): void
  changed(file: OutgoingFile, now: BigIntStats): void
  /** Whether the file has to rest before it is read; then its chunks are handed out again later. */
  putOff(file: OutgoingFile): boolean
  lost(file: OutgoingFile, error: unknown): void
  /** There may be more to do. */
  plan(): void
  readonly pool: BufferPool
}

/** Reads large files and sends them chunk by chunk: as they are, as holes, or as what differs from an older file. */
export class ChunkSender {
  readonly #session: SenderSession
  readonly #host: ChunkHost
  readonly #open = new Map<OutgoingFile, SourceFile>()
  #closed = false

  constructor(session: SenderSession, host: ChunkHost) {
    this.#session = session
    this.#host = host
  }

  send(work: ChunkWork, slot: Slot): void {
    const { file, length, offset } = work
    const source = this.#sourceOf(file)
    if (source === undefined || this.#isHole(work, source)) {
      slot.release()
      this.#host.plan()
      return
    }
    const around = Surroundings.of(this.#session, work)
    const buffer = this.#host.pool.acquire(chunkDataAt + length)
    const read = (error: Error | undefined, ended: boolean) => {
      const frame = this.#frame(work, source, buffer, around, error, ended)
      if (frame?.buffer !== buffer.buffer) this.#host.pool.release(buffer)
      if (frame === undefined) {
        slot.release()
        this.#host.plan()
      } else {
        slot.send(frame)
      }
    }
    if (around === undefined) source.read(buffer, chunkDataAt, length, offset, read)
    else around.read(source, buffer, read)
  }

  /** The file is settled or given up. */
  release(file: OutgoingFile): void {
    this.#open.get(file)?.close()
    this.#open.delete(file)
  }

  close(): void {
    this.#closed = true
    for (const source of this.#open.values()) source.close()
    this.#open.clear()
  }

  /** What is to be sent of a chunk that was read into `buffer`, if anything is. */
  #frame(
    work: ChunkWork,
    source: SourceFile,
    buffer: Buffer,
    around: Surroundings | undefined,
    error: Error | undefined,
    ended: boolean,
  ): Buffer | undefined {
    const { file, length } = work
    if (this.#closed || file.dropped) return undefined
    if (error !== undefined) {
      this.#host.lost(file, error)
      return undefined
    }
    if (ended) {
      this.#verify(file, source)
      return undefined
    }
    if (work.again) return this.#again(work, source, buffer)
    if (!isZero(buffer, chunkDataAt, chunkDataAt + length)) return this.#chunk(work, source, buffer, around)
    this.#zeros(work, source, 1)
    return undefined
  }

  #chunk(
    work: ChunkWork,
    source: SourceFile,
    buffer: Buffer,
    around: Surroundings | undefined,
  ): Buffer | undefined {
    const { file, index, length } = work
    const digest = hash128(buffer.subarray(chunkDataAt, chunkDataAt + length))
    const { missing, last } = this.#session.chunkRead(work, digest)
    const patch = missing ? around?.patch(digest, this.#host.pool) : undefined
    // What is only compared counts once it is settled.
    if (!file.comparing) this.#host.count(file, length, missing ? (patch?.length ?? length) : 0)
    if (last) this.#verify(file, source)
    return missing ? (patch ?? sealChunk(buffer, file.entry.id, index, length, digest)) : undefined
  }

  /** A chunk that the receiver could not make from its patch: as it was. */
  #again(work: ChunkWork, source: SourceFile, buffer: Buffer): Buffer | undefined {
    const { file, index, length } = work
    const digest = hash128(buffer.subarray(chunkDataAt, chunkDataAt + length))
    if (this.#session.chunkReread(work, digest)) {
      this.#host.count(file, 0, length)
      return sealChunk(buffer, file.entry.id, index, length, digest)
    }
    try {
      const now = source.changed()
      if (now !== undefined) this.#host.changed(file, now)
      else throw new Fault('E#J005', `${showPath(file.entry.path)} changed while it was sent`)
    } catch (error) {
      this.#host.lost(file, error)
    }
    return undefined
  }

  /** Settles what of the file is a hole from here on; false when that is less than a chunk. */
  #isHole(work: ChunkWork, source: SourceFile): boolean {
    const chunks = work.again ? 0 : source.emptyChunks(work.index)
    if (chunks > 0) this.#zeros(work, source, chunks)
    return chunks > 0
  }

  #zeros(work: ChunkWork, source: SourceFile, chunks: number): void {
    const { bytes, last } = this.#session.zerosRead(work, chunks)
    if (!work.file.comparing) this.#host.count(work.file, bytes, 0)
    if (last) this.#verify(work.file, source)
  }

  /** All was read, or less than there should be: did the file stay what it was? */
  #verify(file: OutgoingFile, source: SourceFile): void {
    try {
      const now = source.changed()
      if (now !== undefined) this.#host.changed(file, now)
      else this.#session.fileRead(file)
      this.release(file)
    } catch (error) {
      this.#host.lost(file, error)
    }
  }

  /** The file, opened when it is first asked for; undefined when it is put off, or cannot be and is lost. */
  #sourceOf(file: OutgoingFile): SourceFile | undefined {
    try {
      const open = this.#open.get(file)
      if (open !== undefined) return open
      const place = this.#host.placeOf(file)
      if (this.#host.putOff(file)) return undefined
      const source = new SourceFile(place, file.entry)
      this.#open.set(file, source)
      return source
    } catch (error) {
      this.#host.lost(file, error)
      return undefined
    }
  }
}
