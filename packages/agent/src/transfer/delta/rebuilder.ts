import { chunkLength, type IncomingFile, type Patch, type Payload } from '@waybill/asc'
import type { OlderFile } from './older-file.js'

type Built = (file: IncomingFile, index: number, data: Buffer | undefined, payload: Payload) => void

interface Job {
  readonly file: IncomingFile
  readonly older: OlderFile
  readonly patch: Patch
  readonly payload: Payload
}

/** Chunks that are made at a time, or made and not written yet. */
const parallel = 4

/**
 * Makes chunks from patches. A patch of some bytes becomes a chunk of some megabytes: so there are never more than
 * `parallel` of these, whatever comes in.
 */
export class Rebuilder {
  readonly #queued: (bytes: number) => void
  readonly #built: Built
  readonly #waiting: Job[] = []
  readonly #free: Buffer[] = []
  #busy = 0

  /** `queued` counts bytes of chunks that wait to be made, negative when it is their turn. */
  constructor(queued: (bytes: number) => void, built: Built) {
    this.#queued = queued
    this.#built = built
  }

  add(job: Job): void {
    this.#waiting.push(job)
    this.#queued(lengthOf(job))
    this.#next()
  }

  #next(): void {
    while (this.#busy < parallel) {
      const job = this.#waiting.shift()
      if (job === undefined) return
      this.#queued(-lengthOf(job))
      if (job.file.dropped) {
        job.payload.release()
      } else {
        this.#busy++
        void this.#make(job)
      }
    }
  }

  async #make({ file, older, patch, payload }: Job): Promise<void> {
    const length = chunkLength(file.entry.size, patch.index)
    const buffer = this.#take(length)
    const data = buffer.subarray(0, length)
    const isMade = await make(patch, older, data)
    payload.release()
    const release = () => {
      if (this.#free.length < parallel) this.#free.push(buffer)
      this.#busy--
      this.#next()
    }
    this.#built(file, patch.index, isMade ? data : undefined, { bytes: data, release })
  }

  /** A buffer that was used before, if it is of about the right length. */
  #take(length: number): Buffer {
    const free = this.#free.pop()
    return free !== undefined && free.length >= length ? free : Buffer.allocUnsafeSlow(length)
  }
}

function lengthOf({ file, patch }: Job): number {
  return chunkLength(file.entry.size, patch.index)
}

async function make({ parts, literals }: Patch, older: OlderFile, data: Buffer): Promise<boolean> {
  let at = 0
  let literal = 0
  for (const part of parts) {
    at += literals.copy(data, at, literal, literal + part.literal)
    literal += part.literal
    if (part.length === 0) continue
    if (!(await older.read(data, at, part.length, part.offset))) return false
    at += part.length
  }
  return true
}
