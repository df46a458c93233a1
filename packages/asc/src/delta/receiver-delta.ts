import { encode } from '../frames.js'
import { chunkLength } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import type { IncomingFile } from '../receiving/incoming.js'
import { BlockBudget } from './block-budget.js'
import { checkPatch, type Patch } from './patch.js'

interface Basis {
  readonly size: number
  /** Patches on their way into the part, by chunk: what each took on the line. */
  readonly patches: Map<number, number>
  /** Chunks that no patch could make: they come whole. */
  readonly whole: Set<number>
}

/**
 * The receiver's older files, and the patches that are made from them. A file: `begin`, `add` until all of it is
 * told, then it is asked for; or `withdraw`.
 */
export class ReceiverDelta {
  readonly #out: { send(frame: Buffer): void; flush(): void }
  readonly #budget = new BlockBudget()
  readonly #files = new Map<IncomingFile, Basis>()

  constructor(out: { send(frame: Buffer): void; flush(): void }) {
    this.#out = out
  }

  /** Offers an older file of `size` bytes. False: too much of others is open; to be tried when one is settled. */
  begin(file: IncomingFile, size: number): boolean {
    if (!this.#budget.take(size)) return false
    this.#files.set(file, { size, patches: new Map(), whole: new Set() })
    // The sender has to know of those that were settled before it counts this one.
    this.#out.flush()
    this.#out.send(encode({ type: 'basis', id: file.entry.id, size }))
    return true
  }

  /** The next blocks of the older file: up to `blockRun`, as `blockBytes` says. */
  add(file: IncomingFile, blocks: Buffer): void {
    if (!file.dropped) this.#out.send(encode({ type: 'blocks', id: file.entry.id, blocks }))
  }

  /** The older file is not what it was: it is of no use. */
  withdraw(file: IncomingFile): void {
    if (file.dropped || !this.#files.has(file)) return
    this.forget(file)
    this.#out.send(encode({ type: 'basis', id: file.entry.id, size: 0 }))
  }

  /** Takes a patch; one that cannot be is a protocol error. */
  accept(file: IncomingFile, patch: Patch): void {
    const basis = this.#files.get(file)
    if (basis === undefined) throw new ProtocolError('state', 'a patch for a file that has no older one')
    if (basis.whole.has(patch.index))
      throw new ProtocolError('state', 'a patch for a chunk that is to be whole')
    checkPatch(patch, chunkLength(file.entry.size, patch.index), basis.size)
    basis.patches.set(patch.index, patch.bytes)
  }

  /** A patch did not make its chunk: asks for it as it is. */
  askAgain(file: IncomingFile, index: number): void {
    const basis = this.#files.get(file)
    basis?.patches.delete(index)
    basis?.whole.add(index)
    this.#out.send(encode({ type: 'again', id: file.entry.id, index }))
  }

  /** Bytes of a chunk that was written which did not cross the line. */
  saved(file: IncomingFile, index: number): number {
    const patches = this.#files.get(file)?.patches
    const crossed = patches?.get(index)
    if (crossed === undefined) return 0
    patches?.delete(index)
    return Math.max(0, chunkLength(file.entry.size, index) - crossed)
  }

  /** The file is settled. */
  forget(file: IncomingFile): void {
    const basis = this.#files.get(file)
    if (basis === undefined) return
    this.#files.delete(file)
    this.#budget.give(basis.size)
  }
}
