import { smallFile } from '../limits.js'
import { ProtocolError } from '../protocol-error.js'
import type { ChunkWork, OutgoingFile } from '../sending/outgoing.js'
import { BlockBudget } from './block-budget.js'
import { BlockIndex } from './block-index.js'
import { maxBasis } from './cutter.js'

interface Basis {
  readonly index: BlockIndex
  /** Chunks that went as patches, and may be asked for again, once. */
  readonly patched: Set<number>
  /** Chunks in a row of which nothing was found in the older file. */
  misses: number
}

/** After so many chunks without a find, only one of `sample` is looked at, until something is found again. */
const patience = 32
const sample = 16

/** Older files that the receiver told of, by the files that are to replace them. */
export class SenderDelta {
  readonly #budget = new BlockBudget()
  readonly #files = new Map<OutgoingFile, Basis>()

  /** The receiver has an older file of `size` bytes; 0 takes that back. */
  begin(file: OutgoingFile, size: number): void {
    if (file.wanted || file.entry.kind === 'directory' || file.entry.size < smallFile) {
      throw new ProtocolError('state', 'an older file for what cannot be patched')
    }
    if (size === 0 ? !this.#files.has(file) : this.#files.has(file)) {
      throw new ProtocolError('state', 'an older file comes or goes twice')
    }
    if (size === 0) this.forget(file)
    else if (size > maxBasis || !this.#budget.take(size)) {
      throw new ProtocolError('limit', 'more of older files than may be open')
    } else this.#files.set(file, { index: new BlockIndex(size), patched: new Set(), misses: 0 })
  }

  add(file: OutgoingFile, blocks: Buffer): void {
    const basis = this.#files.get(file)
    if (basis === undefined || file.wanted) {
      throw new ProtocolError('state', 'blocks of an older file that was not announced')
    }
    basis.index.add(blocks)
  }

  /** The file is asked for: the older one must have been told whole. */
  wanted(file: OutgoingFile): void {
    if (this.#files.get(file)?.index.complete === false) {
      throw new ProtocolError('state', 'an older file of which blocks are missing')
    }
  }

  /** Where to look for what a chunk is made of; undefined when it is to be sent whole. */
  indexFor({ file, index, again }: ChunkWork): BlockIndex | undefined {
    const basis = this.#files.get(file)
    if (basis === undefined || again || file.comparing) return undefined
    return basis.misses < patience || index % sample === 0 ? basis.index : undefined
  }

  /** A chunk was looked for: whether some of it was found, and it went as a patch. */
  tried({ file, index }: ChunkWork, found: boolean): void {
    const basis = this.#files.get(file)
    if (basis === undefined) return
    basis.misses = found ? 0 : basis.misses + 1
    if (found) basis.patched.add(index)
  }

  /** The receiver could not make a chunk from its patch. */
  again(file: OutgoingFile, index: number): void {
    if (this.#files.get(file)?.patched.delete(index) !== true) {
      throw new ProtocolError('state', 'a chunk is asked for again that was no patch')
    }
    file.sendAgain(index)
  }

  /** The file is settled. */
  forget(file: OutgoingFile): void {
    const basis = this.#files.get(file)
    if (basis === undefined) return
    this.#files.delete(file)
    this.#budget.give(basis.index.size)
  }
}
