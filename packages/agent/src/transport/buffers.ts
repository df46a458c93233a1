import { maxDataFrame, type Payload, type PayloadSource } from '@waybill/asc'

const kib = 1024
/** Sizes of the buffers that are kept: for control frames, for packs and chunks, for the largest chunks. */
const classes = [64 * kib, 1024 * kib + 4 * kib, maxDataFrame + kib]
/** Free buffers that are kept per size. */
const kept = [16, 16, 4]

/** Memory for frames, used again and again: what a busy session allocates stays flat. */
export class BufferPool implements PayloadSource {
  readonly #free: Buffer[][] = classes.map(() => [])

  /** A buffer of at least `length` bytes. */
  acquire(length: number): Buffer {
    const size = classes.findIndex((bytes) => length <= bytes)
    return this.#free[size]?.pop() ?? Buffer.allocUnsafeSlow(classes[size] ?? length)
  }

  /** Gives back what `acquire` gave. Exactly once: nobody may use it afterwards. */
  release(buffer: Buffer): void {
    const size = classes.indexOf(buffer.length)
    const free = this.#free[size]
    if (free !== undefined && free.length < (kept[size] ?? 0)) free.push(buffer)
  }

  allocate(length: number): Payload {
    const buffer = this.acquire(length)
    let held = true
    return {
      bytes: buffer.subarray(0, length),
      release: () => {
        if (held) this.release(buffer)
        held = false
      },
    }
  }
}
