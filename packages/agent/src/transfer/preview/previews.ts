import type { IncomingFile, IncomingTask, ReceiverSession } from '@waybill/asc'
import { holdContents } from '../receiving/content.js'
import { isPlaced, type TargetTask } from '../receiving/target-task.js'
import type { Ask } from '../sync/deletion.js'
import { targetOf } from '../target.js'
import { Preview } from './preview.js'
import { wouldDelete } from './would-delete.js'

export interface PreviewsHost {
  /** Keeps a line of what was found. */
  write(line: string): void
  /** Answers gathered that are to go out. */
  planFlush(): void
  track(work: Promise<void>): void
  isClosed(): boolean
}

/**
 * The dry runs among the tasks of a receiving session. Each method answers whether it took the matter over; entries
 * are answered with `skip`, so that nothing of them is sent, and with `compare` where their contents tell.
 */
export class Previews {
  readonly #session: ReceiverSession
  readonly #host: PreviewsHost
  readonly #tasks = new Map<number, Preview>()
  #comparing = Promise.resolve()

  constructor(session: ReceiverSession, host: PreviewsHost) {
    this.#session = session
    this.#host = host
  }

  /** A task was offered to the sender. */
  begin(index: number, known: TargetTask | undefined): void {
    const task = this.#session.tasks.get(index)
    if (task === undefined || known === undefined || !isPlaced(known) || !known.options.dryRun) return
    const preview = new Preview(known, (line) => this.#host.write(line))
    this.#tasks.set(index, preview)
    task.onNote = (path, code, message) => preview.note(path, code, message)
  }

  check(file: IncomingFile, known: TargetTask | undefined): boolean {
    const preview = this.#tasks.get(file.task.index)
    if (preview === undefined || known === undefined || !isPlaced(known)) return false
    if (preview.check(file.entry) === 'settled') {
      this.#settle(file)
    } else {
      // One after the other: thousands may wait, and each holds the digests of its chunks.
      this.#comparing = this.#comparing.then(async () => {
        const { place } = known
        const isWanted = () => !this.#host.isClosed() && !file.dropped
        const held = isWanted() && (await holdContents(file, place.tree, targetOf(place, file.entry), false))
        if (!isWanted()) return
        if (held) {
          this.#session.compare(file)
        } else {
          file.forgetHeld()
          this.differs(file)
        }
        this.#host.planFlush()
      })
      this.#host.track(this.#comparing)
    }
    this.#host.planFlush()
    return true
  }

  differs(file: IncomingFile): boolean {
    const preview = this.#tasks.get(file.task.index)
    if (preview === undefined) return false
    preview.compared(file.entry, false)
    this.#settle(file)
    return true
  }

  succeeded(file: IncomingFile): boolean {
    const preview = this.#tasks.get(file.task.index)
    // It was only compared, and is the same.
    if (file.state === 'comparing') preview?.compared(file.entry, true)
    return preview !== undefined
  }

  /** What is left once all entries were looked at; undefined when the task is no dry run. */
  wrapUp(
    task: IncomingTask,
    known: TargetTask,
    host: { readonly ask: Ask; readonly isAlive: () => boolean },
  ): Promise<void> | undefined {
    const preview = this.#tasks.get(task.index)
    if (preview === undefined || !isPlaced(known)) return undefined
    return wouldDelete(task, known, preview, host).then(() => {
      if (host.isAlive()) preview.end()
    })
  }

  over(index: number): void {
    this.#tasks.delete(index)
  }

  #settle(file: IncomingFile): void {
    if (file.entry.kind === 'directory') this.#session.done(file)
    else this.#session.skipped(file)
  }
}
