import { maxDataFrame, type Payload, type PayloadSource } from '@waybill/asc'

const kib = 1024
/** Sizes of the buffers that are kept: for control frames, for packs and chunks, for the largest chunks. */
const classes = [64 * kib, 1024 * kib + 4 * kib, maxDataFrame + kib]
/** Free buffers that are kept: as many bytes of all sizes together. */
const kept = 12 * 1024 * kib

/** Memory for frames, used again and again: what a busy session allocates stays flat. */
export class BufferPool implements PayloadSource {
  readonly #free: Buffer[][] = classes.map(() => [])
  #bytes = 0

  /** Bytes of free buffers. */
  get free(): number {
    return this.#bytes
  }

  /** A buffer of at least `length` bytes. */
  acquire(length: number): Buffer {
    const size = classes.findIndex((bytes) => length <= bytes)
    const free = this.#free[size]?.pop()
    this.#bytes -= free?.length ?? 0
    return free ?? Buffer.allocUnsafeSlow(classes[size] ?? length)
  }

  /** Gives back what `acquire` gave. Exactly once: nobody may use it afterwards. */
  release(buffer: Buffer): void {
    const free = this.#free[classes.indexOf(buffer.length)]
    if (free === undefined) return
    this.#bytes += buffer.length
    free.push(buffer)
    // Others go first: this size is what is needed now.
    for (const others of [...this.#free.filter((each) => each !== free), free]) {
      while (this.#bytes > kept && others.length > 0) this.#bytes -= others.pop()?.length ?? 0
    }
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
