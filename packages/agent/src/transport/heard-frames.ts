import { headerBytes, writeHeader } from '@waybill/asc'

/** Control frames that came in one go, as they are handed over: one after the other in memory of their own. */
export class HeardFrames {
  #parts: Buffer[] = []

  add(type: number, payload: Buffer): void {
    const header = Buffer.alloc(headerBytes)
    writeHeader(header, type, payload.length)
    this.#parts.push(header, Buffer.from(payload))
  }

  /** What came since the last time; undefined when nothing did. */
  take(): Buffer | undefined {
    if (this.#parts.length === 0) return undefined
    const parts = this.#parts
    this.#parts = []
    return Buffer.concat(parts)
  }
}
