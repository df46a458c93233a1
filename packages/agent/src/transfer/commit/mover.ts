import { Worker } from 'node:worker_threads'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { type Move, moveAll } from './moves.js'
import type { FromMover, ToMover } from './worker.js'

/** Built files run in a worker; sources (tests) have none that Node could load. */
const workerUrl = import.meta.url.endsWith('.ts') ? undefined : new URL('./worker.js', import.meta.url)
/** From this many on it pays to have them moved in the other thread. */
const worthAThread = 64
/** A thread that had nothing to do for so long ends; milliseconds. */
const idleAfter = 60_000

interface Waiting {
  readonly count: number
  readonly done: (failed: Map<number, unknown>) => void
}

/**
 * A thread that gives parts their names, for all sessions of this process: a third of the work for a small file is
 * its rename, and the thread that writes the next ones has better things to do.
 */
export class Mover {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #idle: NodeJS.Timeout
  #lastId = 0

  constructor(url: URL, ended: () => void) {
    // What it gets and answers is gone soon: little of it needs to be kept before it is thrown away.
    this.#worker = new Worker(url, { resourceLimits: { maxYoungGenerationSizeMb: 3 } })
    this.#worker.unref()
    this.#idle = setTimeout(() => {
      if (this.#waiting.size === 0) void this.close()
    }, idleAfter).unref()
    let cause = 'The thread that finishes files ended'
    this.#worker.on('message', ({ id, failed }: FromMover) => this.#settle(id, restored(failed)))
    this.#worker.on('error', (error) => {
      cause = `The thread that finishes files broke: ${error instanceof Error ? error.message : String(error)}`
    })
    this.#worker.on('exit', () => {
      clearTimeout(this.#idle)
      ended()
      for (const [id, { count }] of this.#waiting) {
        const error = new Error(cause)
        this.#settle(id, new Map(Array.from({ length: count }, (_, index) => [index, error])))
      }
    })
  }

  move(root: string, moves: readonly Move[]): Promise<Map<number, unknown>> {
    return new Promise((resolve) => {
      const message: ToMover = { id: ++this.#lastId, root, moves }
      this.#waiting.set(message.id, { count: moves.length, done: resolve })
      this.#idle.refresh()
      this.#worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(id: number, failed: Map<number, unknown>): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    this.#idle.refresh()
    waiting?.done(failed)
  }
}

function restored(failed: FromMover['failed']): Map<number, unknown> {
  return new Map(
    failed.map(({ index, code, message }) => [index, Object.assign(new Error(message), { code })]),
  )
}

let mover: Mover | undefined

/** So many parts are going to be moved soon: the thread starts while they are made safe. */
export function expectMoves(count: number): void {
  if (workerUrl === undefined || count < worthAThread) return
  mover ??= new Mover(workerUrl, () => {
    mover = undefined
  })
}

/** Gives parts of a tree their names, in order. Answers with what went wrong, by the position of the move. */
export async function moveParts(tree: DirectoryTree, moves: readonly Move[]): Promise<Map<number, unknown>> {
  expectMoves(moves.length)
  const thread = moves.length < worthAThread ? undefined : mover
  return thread === undefined ? moveAll(tree, moves) : thread.move(tree.path, moves)
}
