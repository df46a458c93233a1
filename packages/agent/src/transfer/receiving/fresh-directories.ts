import { type BytePath, parentPath } from '@waybill/asc'

/** Directories that are remembered at a time: trees come depth first, so that the latest matter. */
const remembered = 4096

/** The directories that a task made itself: nothing needs to be looked for in them. */
export class FreshDirectories {
  #paths = new Set<BytePath>()

  add(path: BytePath): void {
    // Looking is always right, so forgetting is.
    if (this.#paths.size >= remembered) this.#paths.clear()
    this.#paths.add(path)
  }

  /** Whether an entry of the task lies in one of them. */
  holds(path: BytePath): boolean {
    return path !== '' && this.#paths.has(parentPath(path))
  }
}
