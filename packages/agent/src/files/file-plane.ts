import { type FileRequestName, type RequestArgs, WaybillError } from '@waybill/api'
import type { Removed } from './remove.js'
import { openRootThread, type RootThread, type ThreadOptions, threadOptions } from './root-thread.js'
import type { TrashFolder } from './trash.js'

/** Roots at a time that have a thread; an agent serves a few volumes. */
const mostThreads = 24

/** What this agent does about files, as its main thread sees it: each root has a thread of its own. */
export class FilePlane {
  readonly #threads = new Map<string, RootThread>()
  readonly #options: ThreadOptions

  constructor(options: ThreadOptions = threadOptions) {
    this.#options = options
  }

  /** Rejects with a WaybillError. */
  async perform<N extends FileRequestName>(name: N, args: RequestArgs<N>): Promise<unknown> {
    return await this.#threadOf(args.root ?? '').ask(name, args)
  }

  /** What is in the trash of a root. Rejects with a WaybillError. */
  async trashOf(root: string): Promise<readonly TrashFolder[]> {
    // Between two threads of ours: the answer is what the request says.
    return (await this.#threadOf(root).ask('trash.list', { root })) as readonly TrashFolder[]
  }

  /** Deletes a folder of a root's trash for some milliseconds. Rejects with a WaybillError. */
  async clearTrash(root: string, folder: string): Promise<Removed> {
    return (await this.#threadOf(root).ask('trash.clear', { root, folder })) as Removed
  }

  close(): void {
    for (const thread of this.#threads.values()) thread.close()
    this.#threads.clear()
  }

  #threadOf(root: string): RootThread {
    const known = this.#threads.get(root)
    if (known !== undefined) return known
    if (this.#threads.size >= mostThreads) this.#makeRoom()
    const thread: RootThread = openRootThread(() => {
      if (this.#threads.get(root) === thread) this.#threads.delete(root)
    }, this.#options)
    this.#threads.set(root, thread)
    return thread
  }

  #makeRoom(): void {
    for (const [root, thread] of this.#threads) {
      if (!thread.idle) continue
      this.#threads.delete(root)
      thread.close()
      return
    }
    throw new WaybillError('rate_limited', `More than ${mostThreads} directories are worked on at once`)
  }
}
