import type { OpenResult, SessionProgress, SessionSpec } from '@waybill/api'
import { Outbox } from './outbox.js'

/** One session on this agent, from the request that opens it until all is told that there is to tell of it. */
export class Session {
  readonly id: string
  readonly lease: number
  readonly job: string
  readonly outbox: Outbox
  /** Resolves when nothing of it is left in the engine. */
  readonly over: Promise<void>
  /** The answer to the request that opened it, and to each repetition of that. */
  opened: Promise<OpenResult> = Promise.reject(new Error('Not begun'))
  phase: 'before' | 'opening' | 'open' | 'over' = 'before'
  /** Nobody wants to hear of it any more. */
  dropped = false
  /** Something of it will have to be done again. */
  unfinished = false
  /** Latest progress that was not sent. */
  progress: SessionProgress | undefined
  private resolveOver: () => void = () => undefined

  constructor({ session, lease, job }: SessionSpec) {
    this.id = session
    this.lease = lease
    this.job = job
    this.outbox = new Outbox(session, lease, job)
    this.opened.catch(() => undefined)
    this.over = new Promise((resolve) => {
      this.resolveOver = resolve
    })
  }

  isOver(): boolean {
    return this.phase === 'over'
  }

  /** The engine is done with it, or never got it. */
  finish(): void {
    this.phase = 'over'
    this.progress = undefined
    this.resolveOver()
  }
}
