import { WaybillError } from '@waybill/api'

/** One user's work with agents' files under way; the next waits in line. */
const mostPerUser = 6
/** Milliseconds in line, and without a sign of life before a place is given to the next. */
const patience = 20_000
const stalled = 90_000

export interface Turn {
  /** Still at it. Throws when the place was given away since nobody took what was there. */
  touch(): void
  end(): void
}

/** Bounds what one user can have agents do about files at the same time, and what is held for it here. */
export class Turns {
  readonly #lines = new Map<string, { busy: number; readonly waiting: (() => void)[] }>()

  /** Waits for a place; `rate_limited` when none came free in time. */
  async take(user: string): Promise<Turn> {
    const line = this.#lines.get(user) ?? { busy: 0, waiting: [] }
    this.#lines.set(user, line)
    if (line.busy < mostPerUser) line.busy += 1
    else await this.#wait(line.waiting)
    return this.#turn(user, line)
  }

  async #wait(waiting: (() => void)[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(next), 1)
        const words = `More than ${mostPerUser} calls about files at once; wait for some answers first`
        reject(new WaybillError('rate_limited', words))
      }, patience)
      waiting.push(next)
    })
  }

  #turn(user: string, line: { busy: number; readonly waiting: (() => void)[] }): Turn {
    let over = false
    const end = (): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      const next = line.waiting.shift()
      if (next !== undefined) next()
      else line.busy -= 1
      if (line.busy === 0) this.#lines.delete(user)
    }
    const timer = setTimeout(end, stalled)
    timer.unref()
    return {
      end,
      touch: () => {
        if (over) throw new WaybillError('timeout', 'The answer was not taken in time')
        timer.refresh()
      },
    }
  }
}
