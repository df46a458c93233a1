import type { TaskOptions } from '@waybill/api'
import type { BytePath, IncomingFile, Patch, Payload, ReceiverSession } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { tellBlocks } from './blocks.js'
import { OlderFile } from './older-file.js'
import { Rebuilder } from './rebuilder.js'
import { isPossible, isWorthIt, type Line } from './worth.js'

/** Older files that are held open at a time. */
const maxOpen = 64
/** How often a line that is full of control frames is looked at, milliseconds. */
const patience = 5

export interface DeltaHost {
  /** Whether control frames pile up. */
  isCongested(): boolean
  line(): Promise<Line>
  /** So many bytes more are to be written of chunks that are not made yet; negative when they are. */
  waiting(bytes: number): void
}

/**
 * The receiving side of delta: tells the sender what the older file consists of, and makes chunks from it. Files
 * are told one after the other, so that memory stays flat.
 */
export class Deltas {
  readonly #session: ReceiverSession
  readonly #host: DeltaHost
  readonly #older = new Map<IncomingFile, OlderFile>()
  readonly #rebuilder: Rebuilder
  #turn = Promise.resolve()
  #wake: (() => void) | undefined

  constructor(session: ReceiverSession, host: DeltaHost) {
    this.#session = session
    this.#host = host
    this.#rebuilder = new Rebuilder(
      (bytes) => host.waiting(bytes),
      (file, index, data, payload) => session.rebuilt(file, index, data, payload),
    )
  }

  /** Tells the sender of the file at `target`, if that pays for the `missing` bytes. Never fails. */
  offer(
    file: IncomingFile,
    tree: DirectoryTree,
    target: BytePath,
    missing: number,
    setting: TaskOptions['delta'],
  ): Promise<void> {
    // Others need not wait for their turn.
    if (!isPossible(setting, OlderFile.sizeAt(tree, target), missing)) return Promise.resolve()
    this.#turn = this.#turn.then(async () => {
      const line = await this.#host.line()
      const older = file.dropped ? undefined : OlderFile.open(tree, target)
      if (older === undefined) return
      const pays = isWorthIt(setting, older.size, missing, line)
      if (pays && (await this.#begin(file, older))) await this.#tell(file, older)
      else older.close()
    })
    return this.#turn
  }

  rebuild(file: IncomingFile, patch: Patch, payload: Payload): void {
    const older = this.#older.get(file)
    if (older === undefined) this.#session.rebuilt(file, patch.index, undefined, payload)
    else this.#rebuilder.add({ file, older, patch, payload })
  }

  /** The file is settled, or given up. */
  forget(file: IncomingFile): void {
    this.#older.get(file)?.close()
    this.#older.delete(file)
    this.wake()
  }

  /** There may be room for others now. */
  wake(): void {
    this.#wake?.()
  }

  /** Waits until as much may be open as this needs; false when the file was dropped meanwhile. */
  async #begin(file: IncomingFile, older: OlderFile): Promise<boolean> {
    while (!file.dropped) {
      if (this.#older.size < maxOpen && this.#session.delta.begin(file, older.size)) {
        this.#older.set(file, older)
        return true
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return false
  }

  async #tell(file: IncomingFile, older: OlderFile): Promise<void> {
    const go = async () => {
      while (this.#host.isCongested() && !file.dropped) {
        await new Promise((resolve) => setTimeout(resolve, patience))
      }
      return !file.dropped
    }
    const isTold = await tellBlocks(older, (blocks) => this.#session.delta.add(file, blocks), go)
    if (isTold || file.dropped) return
    this.#session.delta.withdraw(file)
    this.forget(file)
  }
}
