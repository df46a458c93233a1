import { type Hash, readChunk, readPack } from '../data-frames.js'
import type { Payload } from '../decoder.js'
import { readPatch } from '../delta/patch.js'
import type { ReceiverDelta } from '../delta/receiver-delta.js'
import type { OpenFiles } from '../entries/open-files.js'
import { ZeroDigests } from '../entries/zeros.js'
import { frameType } from '../frames.js'
import { chunkBytes, chunkLength, smallFile } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import type { IncomingFile } from './incoming.js'
import type { ReceiverOutput } from './receiver-output.js'

/** Data as it arrives, over any connection: believed once it was asked for, fits, and has its digest. */
export class Arrivals {
  readonly #open: OpenFiles
  readonly #delta: ReceiverDelta
  readonly #out: ReceiverOutput
  readonly #hash: Hash
  readonly #zeroDigests: ZeroDigests

  constructor(open: OpenFiles, delta: ReceiverDelta, out: ReceiverOutput, hash: Hash) {
    this.#open = open
    this.#delta = delta
    this.#out = out
    this.#hash = hash
    this.#zeroDigests = new ZeroDigests(hash)
  }

  /** A frame of data. Takes care of the payload. */
  take(type: number, payload: Payload): void {
    if (type === frameType.chunk) {
      this.#chunk(payload)
    } else if (type === frameType.patch) {
      this.#patch(payload)
    } else {
      for (const item of readPack(payload.bytes)) this.#packed(item.id, item.data, item.digest)
      payload.release()
    }
  }

  /** Chunks of zeros, which are not sent as data. */
  zeros(id: number, start: number, count: number): void {
    const file = this.#open.chunked(id)
    if (file === undefined) return
    file.arriveAsZeros(start, count, this.#zeroDigests)
    this.#out.zeros(file, start, count)
  }

  /** A chunk as it was made from a patch. What is not right is asked for again. */
  rebuilt(file: IncomingFile, index: number, data: Buffer | undefined, payload: Payload): void {
    const digest = file.digestOf(index)
    if (!file.dropped && data !== undefined && this.#hash(data).equals(digest)) {
      this.#out.write(file, index, index * chunkBytes(file.entry.size), data, digest, payload)
      return
    }
    payload.release()
    if (file.dropped) return
    file.expectAgain(index)
    this.#delta.askAgain(file, index)
  }

  #packed(id: number, data: Buffer, digest: Buffer): void {
    const file = this.#open.live(id)
    if (file === undefined) return
    const { size } = file.entry
    if (file.state !== 'wanted') throw new ProtocolError('state', 'a file that was not asked for')
    if (size >= smallFile) throw new ProtocolError('state', 'a large file in a pack')
    if (data.length !== size) throw new ProtocolError('limit', 'a file has not the size that was announced')
    this.#verify(data, digest)
    file.state = 'committing'
    file.checksum = digest.toString('hex')
    this.#out.store(file, data)
  }

  #chunk(payload: Payload): void {
    const { id, index, digest, data } = readChunk(payload.bytes)
    const file = this.#open.chunked(id)
    if (file === undefined) {
      payload.release()
      return
    }
    file.arrive(index, data.length, digest)
    this.#verify(data, digest)
    this.#out.write(file, index, index * chunkBytes(file.entry.size), data, digest, payload)
  }

  #patch(payload: Payload): void {
    const patch = readPatch(payload.bytes)
    const file = this.#open.chunked(patch.id)
    if (file === undefined) {
      payload.release()
      return
    }
    file.arrive(patch.index, chunkLength(file.entry.size, patch.index), patch.digest)
    this.#delta.accept(file, patch)
    this.#out.rebuild(file, patch, payload)
  }

  #verify(data: Buffer, digest: Buffer): void {
    if (!this.#hash(data).equals(digest)) throw new ProtocolError('digest', 'data does not match its digest')
  }
}
