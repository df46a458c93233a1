import { digestBytes, packBytes, packFiles, smallFile } from '../limits.js'
import type { ChunkWork, OutgoingFile } from './outgoing.js'

export type Work = { readonly kind: 'pack'; readonly files: readonly OutgoingFile[] } | ChunkWork

/** Files that were asked for, in the order in which they are read: packs of small ones and chunks in turn. */
export class WorkQueue {
  readonly #small: OutgoingFile[] = []
  readonly #large: OutgoingFile[] = []
  #packTurn = true

  add(file: OutgoingFile): void {
    const queue = file.entry.size < smallFile && !file.comparing ? this.#small : this.#large
    queue.push(file)
  }

  /** A chunk of a large file is to be sent again: before others, so that it can be settled. */
  addFirst(file: OutgoingFile): void {
    if (!this.#large.includes(file)) this.#large.unshift(file)
  }

  /** A large file that may be asked for anew. */
  remove(file: OutgoingFile): void {
    const at = this.#large.indexOf(file)
    if (at >= 0) this.#large.splice(at, 1)
  }

  /** What to read and send next; each piece of work is handed out once. */
  next(): Work | undefined {
    this.#packTurn = !this.#packTurn
    return this.#packTurn ? (this.#pack() ?? this.#chunk()) : (this.#chunk() ?? this.#pack())
  }

  #pack(): Work | undefined {
    const files: OutgoingFile[] = []
    let bytes = 0
    while (files.length < packFiles && bytes < packBytes) {
      const file = this.#small.shift()
      if (file === undefined) break
      if (file.dropped) continue
      files.push(file)
      bytes += file.entry.size + 2 * digestBytes
    }
    return files.length === 0 ? undefined : { kind: 'pack', files }
  }

  #chunk(): Work | undefined {
    for (;;) {
      const file = this.#large[0]
      if (file === undefined) return undefined
      const work = file.takeChunk()
      if (work !== undefined) return work
      this.#large.shift()
    }
  }
}
