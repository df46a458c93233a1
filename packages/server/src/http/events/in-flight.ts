import { WaybillError } from '@waybill/api'

/** Calls that one user may have under way at a time; a script that waits for its answers never sees it. */
const mostPerUser = 500

/** Bounds how much one user can have the server do at the same time. */
export class InFlight {
  readonly #counts = new Map<string, number>()

  async run<T>(user: string, work: () => Promise<T>): Promise<T> {
    const count = this.#counts.get(user) ?? 0
    if (count >= mostPerUser) {
      throw new WaybillError(
        'rate_limited',
        `More than ${mostPerUser} calls at once; wait for some answers first`,
      )
    }
    this.#counts.set(user, count + 1)
    try {
      return await work()
    } finally {
      const left = (this.#counts.get(user) ?? 1) - 1
      if (left === 0) this.#counts.delete(user)
      else this.#counts.set(user, left)
    }
  }
}
