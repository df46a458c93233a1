import { type FileRequestName, type RequestArgs, WaybillError } from '@waybill/api'
import { openRootThread, type RootThread, type ThreadOptions, threadOptions } from './root-thread.js'

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
