import { Worker } from 'node:worker_threads'
import { WaybillError } from '@waybill/api'
import { clock, type DeskArgs, type DeskRequestName, type FromFileThread } from './calls.js'
import { FileDesk } from './desk.js'
import { failureFrom } from './failure.js'

/** Requests that may wait for one storage. */
const mostWaiting = 64
/** A thread that had nothing to do for so long ends, and with it what it held open. */
const idleAfter = 90_000

/** Built files run in a worker; sources (tests) have none that Node could load. */
const workerUrl = import.meta.url.endsWith('.ts') ? undefined : new URL('./worker.js', import.meta.url)

export interface RootThread {
  /** Rejects with a WaybillError: what went wrong, or `timeout` where the storage hangs. */
  ask<N extends DeskRequestName>(name: N, args: DeskArgs<N>): Promise<unknown>
  readonly idle: boolean
  close(): void
}

export interface ThreadOptions {
  /** What the thread runs; absent where work is done in the caller's own thread. */
  readonly worker: URL | undefined
  /** Milliseconds that an answer is waited for. */
  readonly patience: number
}
export const threadOptions: ThreadOptions = { worker: workerUrl, patience: 12_000 }

/** A thread of its own for one root: a storage that hangs, as dead network drives do, holds up nobody else. */
export function openRootThread(
  ended: () => void,
  { worker, patience }: ThreadOptions = threadOptions,
): RootThread {
  return worker === undefined ? new SameThread() : new OwnThread(worker, patience, ended)
}

class SameThread implements RootThread {
  readonly #desk = new FileDesk()
  readonly idle = true

  ask<N extends DeskRequestName>(name: N, args: DeskArgs<N>): Promise<unknown> {
    return new Promise((resolve) => {
      resolve(this.#desk.perform(name, args))
    })
  }

  close(): void {
    this.#desk.close()
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: WaybillError) => void
  readonly timer: NodeJS.Timeout
}

class OwnThread implements RootThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  /** Asked and not answered, whether somebody still waits for it or not. */
  readonly #unanswered = new Set<number>()
  readonly #idleTimer: NodeJS.Timeout
  #lastId = 0

  constructor(
    url: URL,
    private readonly patience: number,
    ended: () => void,
  ) {
    this.#worker = new Worker(url, { resourceLimits: { maxYoungGenerationSizeMb: 6 } })
    this.#worker.unref()
    this.#idleTimer = setTimeout(() => this.close(), idleAfter).unref()
    let cause = 'the thread for files ended'
    this.#worker.on('message', (message: FromFileThread) => this.#answered(message))
    this.#worker.on('error', (error) => {
      cause = `the thread for files broke: ${error instanceof Error ? error.message : String(error)}`
    })
    this.#worker.on('exit', () => {
      clearTimeout(this.#idleTimer)
      ended()
      for (const id of [...this.#waiting.keys()]) this.#fail(id, new WaybillError('unreachable', cause))
    })
  }

  get idle(): boolean {
    return this.#unanswered.size === 0
  }

  ask<N extends DeskRequestName>(name: N, args: DeskArgs<N>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#unanswered.size >= mostWaiting) {
        reject(new WaybillError('timeout', 'the storage does not answer, and too much waits for it already'))
        return
      }
      const id = ++this.#lastId
      const timer = setTimeout(() => {
        this.#fail(id, new WaybillError('timeout', 'the storage does not answer; is its network drive gone?'))
      }, this.patience)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#unanswered.add(id)
      this.#worker.postMessage({ id, name, args, until: clock() + this.patience })
    })
  }

  /** Not waited for: a thread that hangs in a call of the system ends only with that call. */
  close(): void {
    if (!this.idle) {
      this.#idleTimer.refresh()
      return
    }
    void this.#worker.terminate()
  }

  #answered(message: FromFileThread): void {
    this.#unanswered.delete(message.id)
    this.#idleTimer.refresh()
    if ('result' in message) {
      const waiting = this.#waiting.get(message.id)
      clearTimeout(waiting?.timer)
      this.#waiting.delete(message.id)
      waiting?.resolve(message.result)
    } else {
      this.#fail(message.id, failureFrom(message))
    }
  }

  #fail(id: number, error: WaybillError): void {
    const waiting = this.#waiting.get(id)
    clearTimeout(waiting?.timer)
    this.#waiting.delete(id)
    waiting?.reject(error)
  }
}
