import type { BytePath, IncomingTask } from '@waybill/asc'
import { Fault } from '../fault.js'

interface Question {
  readonly resolve: (lacking: readonly boolean[]) => void
  readonly reject: (fault: Fault) => void
}

/** Questions to the sender that are not answered yet, of each task in order. */
export class Questions {
  readonly #send: (task: IncomingTask, paths: readonly BytePath[], folded: boolean) => void
  /** By the task's index. */
  readonly #open = new Map<number, Question[]>()

  constructor(send: (task: IncomingTask, paths: readonly BytePath[], folded: boolean) => void) {
    this.#send = send
  }

  /** Which of the paths the source lacks; rejects with a Fault when the sender cannot tell, or the task is over. */
  ask(task: IncomingTask, paths: readonly BytePath[], folded: boolean): Promise<readonly boolean[]> {
    return new Promise((resolve, reject) => {
      const open = this.#open.get(task.index) ?? []
      this.#open.set(task.index, open)
      open.push({ resolve, reject })
      this.#send(task, paths, folded)
    })
  }

  answer({ index }: IncomingTask, lacking: readonly boolean[], fault: Fault | undefined): void {
    const question = this.#open.get(index)?.shift()
    if (fault === undefined) question?.resolve(lacking)
    else question?.reject(fault)
  }

  /** Nobody will answer any more. */
  forget(index: number): void {
    const open = this.#open.get(index)
    this.#open.delete(index)
    for (const { reject } of open ?? []) reject(new Fault('E#J099', 'The task ended before it was compared'))
  }

  close(): void {
    for (const index of [...this.#open.keys()]) this.forget(index)
  }
}
