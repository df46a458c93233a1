import { ByteReader, writeSize } from './bytes.js'
import { frameType, writeHeader } from './frames.js'
import { digestBytes, headerBytes, maxDataFrame, packFiles } from './limits.js'
import { ProtocolError } from './protocol-error.js'

/** xxh128 of some bytes, 16 bytes long. Injected, because this package knows no native code. */
export type Hash = (bytes: Buffer) => Buffer

/** Frames of data are built in place, in a buffer that the file was read into: nothing is copied. */
const chunkHead = 4 + 4 + digestBytes
/** Where the data of a chunk begins in its frame. */
export const chunkDataAt = headerBytes + chunkHead

/** Writes what stands in front of the `length` bytes of data at `chunkDataAt`; answers with the frame. */
export function sealChunk(buffer: Buffer, id: number, index: number, length: number, digest: Buffer): Buffer {
  writeHeader(buffer, frameType.chunk, chunkHead + length)
  buffer.writeUInt32LE(id, headerBytes)
  buffer.writeUInt32LE(index, headerBytes + 4)
  digest.copy(buffer, headerBytes + 8)
  return buffer.subarray(0, chunkDataAt + length)
}

export interface Chunk {
  readonly id: number
  readonly index: number
  readonly digest: Buffer
  readonly data: Buffer
}

export function readChunk(payload: Buffer): Chunk {
  const read = new ByteReader(payload)
  const id = read.u32()
  const index = read.u32()
  const digest = read.bytes(digestBytes)
  return { id, index, digest, data: read.bytes(read.left) }
}

const packItemHead = 4 + 8 + digestBytes

/** Collects small files into one frame, in a buffer of at least `packBufferBytes`. */
export class PackWriter {
  readonly #buffer: Buffer
  #at = headerBytes
  #files = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get files(): number {
    return this.#files
  }

  /** Where to read a file of `size` bytes into; undefined when it does not fit. */
  room(size: number): Buffer | undefined {
    const start = this.#at + packItemHead
    const fits = this.#files < packFiles && start + size <= Math.min(this.#buffer.length, maxDataFrame)
    return fits ? this.#buffer.subarray(start, start + size) : undefined
  }

  /** The bytes in `room(size)` are file `id`. */
  add(id: number, size: number, digest: Buffer): void {
    this.#buffer.writeUInt32LE(id, this.#at)
    writeSize(this.#buffer, size, this.#at + 4)
    digest.copy(this.#buffer, this.#at + 12)
    this.#at += packItemHead + size
    this.#files++
  }

  done(): Buffer {
    writeHeader(this.#buffer, frameType.pack, this.#at - headerBytes)
    return this.#buffer.subarray(0, this.#at)
  }
}

export interface PackedFile {
  readonly id: number
  readonly digest: Buffer
  readonly data: Buffer
}

/** The files of a pack, one after the other; they are views into the payload. */
export function* readPack(payload: Buffer): Generator<PackedFile> {
  const read = new ByteReader(payload)
  for (let files = 0; read.left > 0; files++) {
    if (files >= packFiles) throw new ProtocolError('limit', 'a pack holds too many files')
    const id = read.u32()
    const size = read.size()
    const digest = read.bytes(digestBytes)
    yield { id, digest, data: read.bytes(size) }
  }
}
