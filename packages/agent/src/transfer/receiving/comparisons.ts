import type { IncomingFile, ReceiverSession } from '@waybill/asc'
import { targetOf } from '../target.js'
import { holdContents } from './content.js'
import { type Placed, partOptions } from './target-task.js'

interface ComparisonHost {
  readonly session: ReceiverSession
  isClosed(): boolean
  /** What is there cannot be compared any more: it is to be replaced. */
  differs(file: IncomingFile): void
  planFlush(): void
  track(work: Promise<void>): void
}

/** Reads files that are there, to compare them. One after the other: thousands may wait, and each holds a chunk. */
export class Comparisons {
  readonly #host: ComparisonHost
  #turn = Promise.resolve()

  constructor(host: ComparisonHost) {
    this.#host = host
  }

  add(file: IncomingFile, known: Placed): void {
    const { tree } = known.place
    const target = targetOf(known.place, file.entry)
    const { checksum } = partOptions(known)
    const isWanted = () => !this.#host.isClosed() && !file.dropped
    this.#turn = this.#turn.then(async () => {
      const held = isWanted() && (await holdContents(file, tree, target, checksum))
      if (!isWanted()) return
      if (held) {
        this.#host.session.compare(file)
        this.#host.planFlush()
      } else {
        file.forgetHeld()
        this.#host.differs(file)
      }
    })
    this.#host.track(this.#turn)
  }
}
